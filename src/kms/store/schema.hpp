/// \file
/// The tables of the store, and how they came to be what they are.
#pragma once

#include "kms/store/database.hpp"

namespace mikey::kms::store {

/// The schema this program works with.
inline constexpr std::int64_t kSchemaVersion = 2;

/// Brings the tables of a database to version `to`, one transaction a version; an empty database too, when
/// `create` allows it. Refuses a database that a newer program made.
Status migrate(Database& db, bool create, std::int64_t to = kSchemaVersion);

/// The version the database has; nothing when there are no tables.
Result<std::optional<std::int64_t>> schema_version(Database& db);

}  // namespace mikey::kms::store
