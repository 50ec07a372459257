#include "recorder.hpp"

namespace mikey::bench {
namespace {

Bytes joined(std::span<const ByteView> parts) {
  Bytes out;
  for (const ByteView p : parts) append(out, p);
  return out;
}

}  // namespace

Status Recorder::hash(crypto::Hash h, std::span<const ByteView> parts, MutableBytes out) const {
  noted_.push_back({Operation::Kind::hash, h, {}, {}, joined(parts), out.size()});
  return real_.hash(h, parts, out);
}

Status Recorder::hmac(crypto::Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) const {
  noted_.push_back({Operation::Kind::hmac, h, to_bytes(key), {}, joined(parts), out.size()});
  return real_.hmac(h, key, parts, out);
}

Status Recorder::p_hash(crypto::Hash h, ByteView key, ByteView label, MutableBytes out) const {
  noted_.push_back({Operation::Kind::p_hash, h, to_bytes(key), {}, to_bytes(label), out.size()});
  return real_.p_hash(h, key, label, out);
}

Status Recorder::aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const {
  noted_.push_back(
      {Operation::Kind::aes_ctr, crypto::Hash{}, to_bytes(key), to_bytes(iv), to_bytes(in), out.size()});
  return real_.aes_ctr(key, iv, in, out);
}

Result<Bytes> Recorder::aes_wrap(ByteView kek, ByteView iv, ByteView plain) const {
  return real_.aes_wrap(kek, iv, plain);
}

Result<SecretBytes> Recorder::aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const {
  return real_.aes_unwrap(kek, iv, wrapped);
}

Result<Bytes> Recorder::aes_gcm_seal(ByteView key, ByteView iv, ByteView aad, ByteView plain) const {
  return real_.aes_gcm_seal(key, iv, aad, plain);
}

Result<SecretBytes> Recorder::aes_gcm_open(ByteView key, ByteView iv, ByteView aad, ByteView sealed) const {
  return real_.aes_gcm_open(key, iv, aad, sealed);
}

Result<Bytes> Recorder::aes_wrap_padded(ByteView kek, ByteView plain) const {
  return real_.aes_wrap_padded(kek, plain);
}

Result<SecretBytes> Recorder::aes_unwrap_padded(ByteView kek, ByteView wrapped) const {
  return real_.aes_unwrap_padded(kek, wrapped);
}

}  // namespace mikey::bench
