#include "mikey/profile/peer.hpp"

#include <algorithm>

namespace mikey::profile {
namespace {

using keys::Suite;

// What all camera products share: one PSK message without protection, inside RTSP.
constexpr Habit kCameras[] = {
    {"keys-in-clear", Level::note, "cameras rely on RTSP over TLS for the protection of the keys"},
    {"null-mac", Level::note, "cameras rely on RTSP over TLS for authentication"},
    {"id-missing", Level::note, "cameras take the RTSP session for the identity"},
    {"tek-holds-salt", Level::note, "cameras and their clients send key and salt as one TEK"},
    {"mode-refused", Level::error, "it knows the pre-shared key message (data type 0) only"},
    {"kemac-encrypted", Level::error, "it has no pre-shared key to decrypt with"},
    {"kemac-authenticated", Level::error, "it has no pre-shared key to check a MAC with"},
    {"key-not-tek", Level::error, "it takes a TEK and derives nothing"},
    {"map-not-srtp-id", Level::error, "it reads SRTP-ID maps only"},
};

constexpr Habit kOnvif[] = {
    {"mki-missing", Level::error, "ONVIF requires the MKI in every packet"},
    {"aead-tag-len-missing", Level::error, "ONVIF describes AES-GCM with parameter 20"},
    {"tek-salt-apart", Level::warning, "for AES-CM ONVIF has key and salt in one TEK"},
};

constexpr Habit kGstreamer[] = {
    {"id-present", Level::error, "an ID payload hangs the server of 1.22 at full CPU load"},
    {"policy-not-index", Level::error, "it uses the policy number as an index into the SP payloads"},
    {"kemac-empty", Level::error, "a KEMAC without keys crashes 1.22"},
    {"auth-key-len-is-tag", Level::note, "it writes and reads the tag length in parameter 3"},
    {"auth-tag-len-missing", Level::note, "it neither sends nor reads parameter 11"},
    {"tag-not-in-key-len", Level::error, "it reads the tag length from parameter 3, not 11"},
    {"sp-param-order", Level::error, "it reads parameter 1 after 0 and 3 after 2"},
    {"aead-tag-len-missing", Level::note, "it does not send parameter 20"},
    {"aead-tek-holds-salt", Level::note, "it sends and wants key and salt in one TEK, also for AES-GCM"},
    {"tek-salt-apart", Level::error, "1.22 drops the salt of TEK+SALT"},
    {"aead-tek-salt-apart", Level::error, "1.22 drops the salt of TEK+SALT"},
    {"tek-without-salt", Level::error, "it wants key and salt in one TEK"},
    {"mki-missing", Level::note, "1.22 ignores the SPI; 1.26 and later use it"},
    {"offered-suites", Level::error, "its srtpdec and srtpenc have AES-CM and AES-GCM of 128 and 256 bits"},
};
constexpr Suite kGstreamerSuites[] = {Suite::aes_cm_128_hmac_sha1_80, Suite::aes_cm_128_hmac_sha1_32,
                                      Suite::aes_256_cm_hmac_sha1_80, Suite::aes_256_cm_hmac_sha1_32,
                                      Suite::aead_aes_128_gcm,        Suite::aead_aes_256_gcm};

constexpr Habit kLive555[] = {
    {"auth-key-len-missing", Level::error, "it requires parameter 3 with the value 20"},
    {"auth-tag-len-missing", Level::error, "it requires parameter 11 with the value 10"},
    {"salt-len-missing", Level::error, "it requires parameter 4 with the value 14"},
    {"offered-suites", Level::error, "it knows AES_CM_128_HMAC_SHA1_80 only"},
    {"mki-missing", Level::error, "the Key data must begin with 21: TEK with SPI"},
    {"kv-interval", Level::error, "the Key data must begin with 21: TEK with SPI"},
    {"mki-length", Level::error, "the SPI must have 4 octets"},
    {"tek-salt-apart", Level::error, "the TEK must have 30 octets: key and salt"},
    {"tek-without-salt", Level::error, "the TEK must have 30 octets: key and salt"},
    {"ssrc-zero", Level::note, "the SSRC of its map is random and need not match the stream"},
};
constexpr Suite kAesCm128Only[] = {Suite::aes_cm_128_hmac_sha1_80};

constexpr Habit kGenetec[] = {
    {"t-filetime", Level::note, "it writes a Windows FILETIME"},
    {"rand-missing", Level::note, "it sends no RAND; the TEK is not derived"},
    {"salt-len-missing", Level::note, "it does not send parameter 4"},
    {"mki-missing", Level::error, "it uses an MKI of 4 octets"},
    {"mki-length", Level::error, "it uses an MKI of 4 octets"},
};

constexpr Habit kGortsplib[] = {
    {"response-wanted", Level::error, "it refuses messages with V set"},
    {"prf-not-mikey-1", Level::error, "it knows PRF 0 only"},
    {"t-outside-hour", Level::error, "T must lie within one hour of its clock"},
    {"auth-key-len-is-tag", Level::note, "it reads what GStreamer writes"},
    {"trailing-octets", Level::note, "it lets a trailing octet pass, for Milestone XProtect"},
};

constexpr Habit kMilestone[] = {
    {"trailing-octets", Level::note, "it sends a zero octet after the message"},
    {"salt-len-missing", Level::note, "it does not send parameter 4"},
};

constexpr Habit kMcx[] = {
    {"mode-refused", Level::error, "mission critical services use MIKEY-SAKKE (data type 26)"},
    {"prf-not-sha-256", Level::error, "TS 33.180 E.1.2 has PRF-HMAC-SHA-256"},
    {"srtp-id-map", Level::warning, "only old group messages have an SRTP-ID map"},
    {"idr-incomplete", Level::error, "TS 33.180 E.1.2 wants both users and both KMSs"},
    {"response-wanted", Level::warning, "33.180 has V = 0; 33.179 asked for an acknowledgement with V = 1"},
    {"key-parameters-missing", Level::note, "a GMK comes with its group; a PCK may go without"},
    {"sakke-scheme", Level::note, "some stacks write scheme 1 and mean 2; it is to be accepted"},
    {"sp-rcc", Level::note, "group media carry the ROC (RCCm3)"},
    {"empty-map-with-sp", Level::note, "seen in practice; the default profile applies"},
    {"id-not-uri", Level::note, "the names of KMSs are host names"},
    {"offered-suites", Level::error, "mission critical media use AEAD_AES_128_GCM"},
    {"cs-none", Level::note, "the default security profile applies"},
};
constexpr Suite kGcm128Only[] = {Suite::aead_aes_128_gcm};

constexpr PeerProfile kProfiles[] = {
    {.peer = Peer::strict, .name = "strict", .title = "a reader that follows the RFCs to the letter"},
    {.peer = Peer::onvif,
     .name = "onvif",
     .title = "cameras and clients as the ONVIF Streaming Specification has them",
     .common = kCameras,
     .own = kOnvif,
     .only_type = DataType::psk_init},
    {.peer = Peer::gstreamer,
     .name = "gstreamer",
     .title = "GStreamer 1.22 and later (rtspsrc, gst-rtsp-server)",
     .common = kCameras,
     .own = kGstreamer,
     .suites = kGstreamerSuites,
     .only_type = DataType::psk_init,
     .tag_in_auth_key_len = true},
    {.peer = Peer::live555,
     .name = "live555",
     .title = "live555",
     .common = kCameras,
     .own = kLive555,
     .suites = kAesCm128Only,
     .only_type = DataType::psk_init},
    {.peer = Peer::genetec,
     .name = "genetec",
     .title = "Genetec Security Center",
     .common = kCameras,
     .own = kGenetec,
     .only_type = DataType::psk_init},
    {.peer = Peer::gortsplib,
     .name = "gortsplib",
     .title = "gortsplib and mediamtx",
     .common = kCameras,
     .own = kGortsplib,
     .only_type = DataType::psk_init,
     .max_trailing_zeros = 1,
     .tag_in_auth_key_len = true},
    {.peer = Peer::milestone,
     .name = "milestone",
     .title = "Milestone XProtect",
     .common = kCameras,
     .own = kMilestone,
     .only_type = DataType::psk_init,
     .max_trailing_zeros = 1},
    {.peer = Peer::mcx,
     .name = "mcx",
     .title = "3GPP mission critical services (TS 33.180)",
     .own = kMcx,
     .suites = kGcm128Only,
     .only_type = DataType::sakke_init},
};

const Habit* find(std::span<const Habit> habits, std::string_view rule) {
  const auto it = std::ranges::find(habits, rule, &Habit::rule);
  return it == habits.end() ? nullptr : &*it;
}

}  // namespace

const Habit* PeerProfile::habit(std::string_view rule) const {
  const Habit* mine = find(own, rule);
  return mine != nullptr ? mine : find(common, rule);
}

std::span<const PeerProfile> all_profiles() {
  return kProfiles;
}

const PeerProfile& profile_of(Peer peer) {
  return *std::ranges::find(kProfiles, peer, &PeerProfile::peer);
}

const PeerProfile* profile_by_name(std::string_view name) {
  const auto it = std::ranges::find(kProfiles, name, &PeerProfile::name);
  return it == std::end(kProfiles) ? nullptr : &*it;
}

}  // namespace mikey::profile
