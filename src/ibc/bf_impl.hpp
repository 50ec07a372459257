/// \file
/// What Boneh-Franklin parameters consist of inside.
#pragma once

#include "bf_group.hpp"

namespace mikey::ibc::bf {

struct PublicParameters::Impl {
  Bytes p;
  Bytes q;
  Point point_p;
  Point point_p_pub;
  crypto::Hash hash{};
  std::unique_ptr<Group> group;
};

/// Coordinates on as many octets as p; false when they do not fit.
bool widen(Point& out, const Point& in, std::size_t octets);

}  // namespace mikey::ibc::bf
