/// \file
/// Documents of keys as JSON: one object, whose strings may be secret. Nothing is left behind in memory that
/// is not wiped.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mikey/ibc/key_files.hpp"

namespace mikey::ibc {

/// Typed reading of a document. The first thing wrong sticks, and what is read after it does not matter.
/// Members of an object inside are named "outer.inner"; what is nested deeper is passed over.
class JsonReader {
 public:
  explicit JsonReader(ByteView json);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }
  bool has(std::string_view name);
  void fail(std::string_view name, const std::string& what);

  /// A string of 1 to 65535 octets.
  std::string uri(std::string_view name);
  /// A string; nothing when it is none. `expected` is for the error.
  std::string_view text(std::string_view name, std::string_view expected);
  std::uint64_t number(std::string_view name, std::uint64_t most);
  /// Hexadecimal of so many octets.
  Bytes octets(std::string_view name, std::size_t size);
  /// A big number in hexadecimal, of at most so many octets.
  Bytes natural(std::string_view name, std::size_t most);
  /// Hexadecimal of `least` to `most` octets. Less than that means: a number, of whose leading digit zero may
  /// have been left out.
  SecretBytes secret(std::string_view name, std::size_t least, std::size_t most);

 private:
  class Members;
  const SecretBytes* string(std::string_view name, std::string_view expected);

  std::unique_ptr<Members> members_;
  std::optional<Error> error_;
};

/// Writes one object into storage that is wiped and never moves.
class JsonWriter {
 public:
  /// `room`: octets that are enough for all of the document but its names.
  /// `names`: octets of all texts, of which each becomes six in the worst case.
  explicit JsonWriter(std::size_t names, std::size_t room = 4096);
  ~JsonWriter() { wipe(text_); }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, std::uint64_t value);
  void octets(std::string_view name, ByteView value);
  /// A value that is JSON already.
  void plain(std::string_view name, std::string_view json);
  /// {"x": .., "y": ..}
  void point(std::string_view name, ByteView x, ByteView y);
  ByteView finish();

 private:
  void put(std::string_view more) { append(text_, as_bytes(more)); }
  void put_hex(ByteView value);
  void begin(std::string_view name);
  Bytes text_;
};

}  // namespace mikey::ibc
