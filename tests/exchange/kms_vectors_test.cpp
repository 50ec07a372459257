// Whole exchanges of RFC 6043 and RFC 6267 between Initiator, Responder and KMS with scripted randomness,
// octet for octet. The vectors were computed by an independent implementation
// (vectors/mikey-peer/PROVENANCE).
#include <gtest/gtest.h>

#include "support/vector_party.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;

class KmsExchanges : public testing::TestWithParam<std::string> {
 protected:
  json vector_ = json::parse(read_source_file("vectors/mikey-peer/exchange-" + GetParam() + ".json"));
  std::int64_t time_ = vector_["time"].get<std::int64_t>();
  std::map<std::string, VectorParty> parties_;
  std::optional<VectorKms> kms_;
  int compared_ = 0;

  int replay();

  static void script(ScriptedRng& rng, const json& step) {
    for (const json& draw : step["random"]) rng.add(draw[0], hex(draw[1].get<std::string>()));
  }

  void compare_sent(const json& step, const std::vector<Bytes>& messages) {
    const json sent = step.value("sent", json::array());
    ASSERT_EQ(messages.size(), sent.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      EXPECT_EQ(to_hex(messages[i]), sent[i]["message"].get<std::string>());
      ++compared_;
    }
  }

  void run_kms(const json& step) {
    script(kms_->rng(), step);
    const kms::Answer a = kms_->handle(hex(step["received"].get<std::string>()));
    ASSERT_EQ(a.state == kms::Answer::State::answered, step["answer"]["state"] == "answered")
        << (a.error ? a.error->to_string() : "");
    EXPECT_TRUE(kms_->rng().exhausted());
    compare_sent(step, a.message ? std::vector<Bytes>{*a.message} : std::vector<Bytes>{});
  }

  void run_party(const json& step) {
    VectorParty& party = parties_.at(step["party"]);
    script(party.rng(), step);
    Outcome o;
    if (step["request"]["op"] == "initiate") {
      auto r = party.party().initiate(request_of(step["request"]));
      ASSERT_TRUE(r.ok()) << r.error().to_string();
      o = std::move(*r);
    } else {
      const Source from = step["request"]["from"] == "kms" ? Source::kms : Source::peer;
      o = party.party().receive(from, hex(step["received"].get<std::string>()));
    }
    EXPECT_TRUE(party.rng().exhausted());
    const std::string state = step["answer"]["state"];
    ASSERT_EQ(o.state == Outcome::State::established ? "established"
              : o.state == Outcome::State::waiting   ? "waiting"
                                                     : "failed",
              state)
        << (o.error ? o.error->to_string() : "");
    EXPECT_EQ(o.csb_id, std::stoul(step["answer"]["csb"].get<std::string>(), nullptr, 16));
    std::vector<Bytes> messages;
    for (const Send& s : o.send) messages.push_back(s.message);
    compare_sent(step, messages);
    if (!step["answer"].contains("bundle")) return;
    ASSERT_TRUE(o.bundle);
    expect_bundle(*o.bundle, step["answer"]["bundle"]);
    ++compared_;
  }
};

/// All steps of a vector; how many messages and bundles were compared.
int KmsExchanges::replay() {
  for (const auto& [who, config] : vector_["configs"].items()) {
    if (who == "kms") {
      kms_.emplace(config, time_);
    } else {
      parties_.try_emplace(who, config, time_);
    }
  }
  for (const json& step : vector_["steps"]) {
    SCOPED_TRACE(step["party"].get<std::string>() + " " + step["request"].dump());
    // The clock moved on a second from one request to the next.
    const auto now = NtpTime::from_unix(time_ + step["request"]["id"].get<std::int64_t>() - 1);
    for (auto& [who, party] : parties_) party.clock().set(now);
    if (step["party"] == "kms") {
      run_kms(step);
    } else {
      run_party(step);
    }
    if (HasFatalFailure()) break;
  }
  return compared_;
}

class TicketExchanges : public KmsExchanges {};
TEST_P(TicketExchanges, ReplayOctetForOctet) {
  EXPECT_GE(replay(), 4);
}

class IbakeExchanges : public KmsExchanges {};
TEST_P(IbakeExchanges, ReplayOctetForOctet) {
  EXPECT_GE(replay(), 6);
}

std::vector<std::string> numbered(const std::string& mode, int n) {
  std::vector<std::string> out;
  for (int i = 1; i <= n; ++i) out.push_back(mode + "-" + std::to_string(i));
  return out;
}
constexpr auto name_of = [](const testing::TestParamInfo<std::string>& test) {
  std::string s = test.param;
  std::ranges::replace(s, '-', '_');
  return s;
};

INSTANTIATE_TEST_SUITE_P(Rfc6043, TicketExchanges, testing::ValuesIn(numbered("ticket", 13)), name_of);
INSTANTIATE_TEST_SUITE_P(Rfc6267, IbakeExchanges, testing::ValuesIn(numbered("ibake", 5)), name_of);

}  // namespace
}  // namespace mikey::test
