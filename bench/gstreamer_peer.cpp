#include "gstreamer_peer.hpp"

#include <gst/gst.h>
#include <gst/sdp/gstmikey.h>

namespace mikey::bench {

namespace {

Bytes taken(GBytes* written) {
  if (written == nullptr) return {};
  gsize size = 0;
  const auto* data = static_cast<const std::uint8_t*>(g_bytes_get_data(written, &size));
  Bytes out(data, data + size);
  g_bytes_unref(written);
  return out;
}

}  // namespace

struct GStreamerMessage::Held {
  GBytes* octets = nullptr;
  GstMIKEYMessage* message = nullptr;

  explicit Held(ByteView view) : octets(g_bytes_new(view.data(), view.size())) {
    message = gst_mikey_message_new_from_bytes(octets, nullptr, nullptr);
  }
  ~Held() {
    if (message != nullptr) gst_mikey_message_unref(message);
    g_bytes_unref(octets);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
};

GStreamerMessage::GStreamerMessage(ByteView octets) {
  gst_init(nullptr, nullptr);
  held_ = std::make_shared<const Held>(octets);
}

bool GStreamerMessage::ok() const {
  return held_->message != nullptr;
}

Bytes GStreamerMessage::octets() const {
  return taken(gst_mikey_message_to_bytes(held_->message, nullptr, nullptr));
}

void GStreamerMessage::parse(std::size_t n) const {
  for (std::size_t i = 0; i < n; ++i)
    gst_mikey_message_unref(gst_mikey_message_new_from_bytes(held_->octets, nullptr, nullptr));
}

void GStreamerMessage::serialise(std::size_t n) const {
  for (std::size_t i = 0; i < n; ++i)
    g_bytes_unref(gst_mikey_message_to_bytes(held_->message, nullptr, nullptr));
}

std::string GStreamerMessage::version() {
  guint major = 0;
  guint minor = 0;
  guint micro = 0;
  guint nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return "GStreamer " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(micro);
}

namespace {

GstMIKEYPayload* policy(const GStreamerContent& c) {
  GstMIKEYPayload* p = gst_mikey_payload_new(GST_MIKEY_PT_SP);
  gst_mikey_payload_sp_set(p, 0, GST_MIKEY_SEC_PROTO_SRTP);
  for (std::size_t i = 0; i < c.types.size(); ++i)
    gst_mikey_payload_sp_add_param(p, c.types[i], 1, &c.values[i]);
  return p;
}

GstMIKEYPayload* kemac(const GStreamerContent& c) {
  GstMIKEYPayload* key = gst_mikey_payload_new(GST_MIKEY_PT_KEY_DATA);
  gst_mikey_payload_key_data_set_key(key, GST_MIKEY_KD_TEK, static_cast<guint16>(c.key.size()), c.key.data());
  GstMIKEYPayload* p = gst_mikey_payload_new(GST_MIKEY_PT_KEMAC);
  gst_mikey_payload_kemac_set(p, GST_MIKEY_ENC_NULL, GST_MIKEY_MAC_NULL);
  gst_mikey_payload_kemac_add_sub(p, key);
  return p;
}

GBytes* built(const GStreamerContent& c) {
  GstMIKEYMessage* m = gst_mikey_message_new();
  gst_mikey_message_set_info(m, GST_MIKEY_VERSION, GST_MIKEY_TYPE_PSK_INIT, FALSE, GST_MIKEY_PRF_MIKEY_1,
                             c.csb_id, GST_MIKEY_MAP_TYPE_SRTP);
  gst_mikey_message_add_cs_srtp(m, 0, c.ssrc, 0);
  std::uint8_t stamp[8];
  store_be<std::uint64_t>(stamp, c.stamp);
  gst_mikey_message_add_t(m, GST_MIKEY_TS_TYPE_NTP_UTC, stamp);
  gst_mikey_message_add_rand(m, static_cast<guint8>(c.rand.size()), c.rand.data());
  gst_mikey_message_add_payload(m, policy(c));
  gst_mikey_message_add_payload(m, kemac(c));
  GBytes* out = gst_mikey_message_to_bytes(m, nullptr, nullptr);
  gst_mikey_message_unref(m);
  return out;
}

}  // namespace

Bytes GStreamerContent::build() const {
  return taken(built(*this));
}

void GStreamerContent::build(std::size_t n) const {
  for (std::size_t i = 0; i < n; ++i) g_bytes_unref(built(*this));
}

}  // namespace mikey::bench
