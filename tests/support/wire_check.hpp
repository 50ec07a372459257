/// \file
/// What every payload must hold to: sizes, encoding, equality, dissection, JSON, and patience with bad input.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "mikey/wire/dissect.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

/// A line a node: "offset+length name = value (meaning)", children indented; bit fields as "3.0:1" (octet 3,
/// bit 0, one bit); "!" marks what is secret.
std::string render(const std::vector<wire::Node>& nodes);

/// Parses the JSON of a dissection and compares it with the nodes, member by member.
void expect_json(const wire::Dissection& d);

/// Whether the nodes lie within the message and within one another, and fields follow one another without
/// gap or overlap.
void expect_nodes_fit(const std::vector<wire::Node>& nodes, std::size_t from, std::size_t to);

/// Parses `octets` in every way there is, and checks that all agree: a good message encodes again to itself
/// and is dissected without error; a bad one has an error whose offset lies within.
void expect_consistent(ByteView octets, const wire::ParseOptions& options = {});

/// The same for a chain of sub-payloads.
void expect_chain_consistent(PayloadType first, ByteView octets);

/// Expects that `body` does not decode as a P; the offset of the error, from `base`, must lie within.
template <class P>
void expect_undecodable(ByteView body, std::size_t base = 100) {
  auto r = wire::decode<P>(body, base);
  ASSERT_FALSE(r.ok()) << P::kName << " " << to_hex(body);
  EXPECT_TRUE(r.error().offset && *r.error().offset >= base && *r.error().offset <= base + body.size());
  EXPECT_FALSE(r.error().detail.empty());
  EXPECT_NE(std::string(r.error().rfc), "");
}

/// Checks a payload against its body in hex, in all its uses. The result is the rendered payload: at offset
/// 10 of a message, or at offset 0 of a chain when it stands in encrypted data only.
template <class P>
std::string check_payload(const P& p, std::string_view body_hex) {
  const Bytes body = hex(body_hex);
  auto size = wire::encoded_size(p);
  EXPECT_TRUE(size.ok() && *size == body.size()) << P::kName;
  auto encoded = wire::encode(p);
  EXPECT_TRUE(encoded.ok()) << P::kName;
  if (encoded.ok()) {
    EXPECT_EQ(to_hex(*encoded), to_hex(body)) << P::kName;
  }
  auto decoded = wire::decode<P>(body);
  EXPECT_TRUE(decoded.ok()) << P::kName << (decoded.ok() ? "" : decoded.error().to_string());
  if (!decoded.ok()) return {};
  EXPECT_TRUE(*decoded == p) << P::kName;

  for (std::size_t n = 0; n < body.size(); ++n) expect_undecodable<P>(ByteView(body).first(n));
  Bytes longer = body;
  longer.push_back(0);
  expect_undecodable<P>(longer);
  for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
    Bytes flipped = body;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
    auto other = wire::decode<P>(flipped);
    if (!other.ok()) continue;
    EXPECT_FALSE(*other == p) << P::kName << " bit " << bit;
    auto again = wire::encode(*other);
    EXPECT_TRUE(again.ok() && *again == flipped) << P::kName << " bit " << bit;
  }

  const bool inner = wire::encrypted_only(P::kType);
  wire::Hdr hdr;
  hdr.map_type = CsIdMapType::empty;
  wire::ChainBuilder b = inner ? wire::ChainBuilder() : wire::ChainBuilder(hdr);
  auto octets = std::move(b.add(p)).finish();
  EXPECT_TRUE(octets.ok());
  if (!octets.ok()) return {};
  const auto d = inner ? wire::dissect_chain(P::kType, *octets) : wire::dissect(*octets);
  EXPECT_FALSE(d.error) << P::kName;
  EXPECT_EQ(d.payloads.size(), inner ? 1U : 2U);
  EXPECT_EQ(d.payloads.back().name, P::kName);
  EXPECT_EQ(d.payloads.back().rfc, P::kRfc);
  expect_nodes_fit(d.payloads, 0, octets->size());
  expect_json(d);
  return "\n" + render({d.payloads.back()});
}

/// Expects that `p` cannot be encoded, since `field` does not fit.
template <class P>
void expect_misfit_body(const P& p, std::string_view field) {
  auto size = wire::encoded_size(p);
  ASSERT_FALSE(size.ok()) << P::kName << " " << field;
  EXPECT_EQ(size.error().code, ErrorCode::bad_request);
  EXPECT_EQ(size.error().severity, Severity::request);
  EXPECT_NE(size.error().detail.find(field), std::string::npos) << size.error().detail;
  EXPECT_FALSE(wire::encode(p).ok());
}

/// The same for a payload, which a builder must not take either.
template <class P>
void expect_misfit(const P& p, std::string_view field) {
  expect_misfit_body(p, field);
  wire::ChainBuilder b;
  b.add(p);
  EXPECT_FALSE(b.ok());
  EXPECT_FALSE(std::move(b).finish().ok());
}

}  // namespace mikey::test
