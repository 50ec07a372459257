#include "call_kms.hpp"

#include "config_reader.hpp"

namespace mikey::cmd {
namespace {

/// A KMS is asked once for a call; a resolved ticket may lead to a second question (an update, a second KMS).
constexpr int kMostQuestions = 8;

Result<SecretBytes> load(const char* option, const std::string& path) {
  auto octets = read_config_file(path);
  if (octets) return octets;
  return bad_request(std::string(option) + ": " + path + ": " + octets.error().detail);
}

}  // namespace

Result<KmsPath> KmsPath::open(const KmsOptions& o) {
  if (o.url.empty()) return KmsPath(std::nullopt);
  kms::HttpEndpoint endpoint;
  endpoint.url = o.url;
  if (!o.ca.empty()) {
    auto ca = load("--kms-ca", o.ca);
    if (!ca) return std::move(ca).error();
    endpoint.ca = as_text(ca->reveal());
  }
  if (!o.certificate.empty()) {
    auto chain = load("--kms-certificate", o.certificate);
    if (!chain) return std::move(chain).error();
    endpoint.certificate = as_text(chain->reveal());
    auto key = load("--kms-key", o.key);
    if (!key) return std::move(key).error();
    endpoint.key = std::make_shared<const SecretBytes>(std::move(*key));
  }
  auto client = kms::HttpClient::open(std::move(endpoint));
  if (!client) return bad_request("--kms: " + client.error().detail);
  return KmsPath(std::move(*client));
}

Result<Outcome> KmsPath::settle(Party& party, Outcome outcome, const Watch& watch) {
  for (int i = 0; i < kMostQuestions; ++i) {
    if (outcome.send.empty() || outcome.send.front().to != Destination::kms) return outcome;
    if (!client_) return bad_request("this mode asks a KMS: --kms says where it is");
    const Bytes& question = outcome.send.front().message;
    watch("MIKEY message to the KMS", question);
    auto answer = client_->exchange(question);
    if (!answer) return std::move(answer).error();
    watch("MIKEY message from the KMS", *answer);
    outcome = party.receive(Source::kms, *answer);
  }
  return bad_message(ErrorCode::unspecified, "RFC 6043 4", "the exchange asks the KMS again and again");
}

}  // namespace mikey::cmd
