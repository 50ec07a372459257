#include "kms/http/worker.hpp"

#include <boost/asio/post.hpp>
#include <ctime>

namespace mikey::kms::http {
namespace {

constexpr std::chrono::seconds kTryAgain{1};       // a queue is short
constexpr std::chrono::seconds kTryAgainLater{5};  // what lies below is out of order
constexpr std::size_t kLinesASecond = 50;          // of refused requests in the log, of each thread
// The first of the requests that are worked on together waits for the last one. Disks take a commit in about
// this time.
constexpr std::chrono::milliseconds kTogether{5};

Error cannot_work(std::string why) {
  return {ErrorCode::resource, Severity::system, "", std::nullopt, std::move(why)};
}

Answer failure(std::string why) {
  Answer a;
  a.error = cannot_work(std::move(why));
  return a;
}

Verdict judge(Reply&& reply) {
  Answer& a = reply.answer;
  Verdict v;
  const bool system = a.error && a.error->severity == Severity::system;
  if (a.message) v.message = std::move(*a.message);
  if (a.error) v.why = a.error->to_string();
  if (a.state == Answer::State::answered) {
    v.became = Became::answered;
  } else if (reply.retry_after) {
    v.became = Became::limited;
    v.retry_after = reply.retry_after;
  } else if (system) {
    v.became = Became::unavailable;
    v.retry_after = kTryAgainLater;
  } else {
    v.became = v.message.empty() ? Became::dropped : Became::refused;
  }
  return v;
}

}  // namespace

// ------------------------------------------------------------------ connections

std::string limit_name(const asio::ip::address& a) {
  if (a.is_v4()) return a.to_string();
  const auto v6 = a.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  auto octets = v6.to_bytes();
  std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
  return asio::ip::address_v6(octets).to_string() + "/64";
}

std::shared_ptr<ConnectionSlot> ConnectionSlot::take(Shared& shared, const ServerOptions& o,
                                                     std::string address) {
  const std::scoped_lock lock(shared.mutex);
  if (shared.all_connections >= o.max_connections) return nullptr;
  std::size_t& mine = shared.connections[address];
  if (mine >= o.max_connections_per_address) return nullptr;  // there are some, so the entry stays
  std::shared_ptr<ConnectionSlot> slot(new ConnectionSlot(shared, std::move(address)));
  ++mine;
  ++shared.all_connections;
  return slot;
}

ConnectionSlot::~ConnectionSlot() {
  const std::scoped_lock lock(shared_.mutex);
  --shared_.all_connections;
  const auto it = shared_.connections.find(address_);
  if (--it->second == 0) shared_.connections.erase(it);
}

Session::Session(Worker& worker) : worker_(worker) {
  worker_.sessions().insert(this);
}

Session::~Session() {
  worker_.sessions().erase(this);
}

void Worker::retire_all() {
  const std::set<Session*> all = sessions_;  // they may go while they are told
  for (Session* s : all)
    if (sessions_.contains(s)) s->retire();
}

const HttpService* Worker::service_for(std::string_view path) const {
  const HttpService* best = nullptr;
  std::size_t length = 0;
  for (const auto& [prefix, service] : serving_.services)
    if (path.starts_with(prefix) && prefix.size() >= length) {
      best = &service;
      length = prefix.size();
    }
  return best;
}

// ------------------------------------------------------------------ the queue

struct Worker::Asked {
  Bytes message;
  std::string address;
  std::function<void(Verdict)> done;
  Steady::time_point since;
};

struct Worker::Settling {
  std::shared_ptr<Asked> asked;
  Reply reply;
};

Worker::Worker(Shared& shared) : shared_(shared) {}
Worker::~Worker() = default;

std::optional<Verdict> Worker::admit(const std::string& address) {
  const auto wait = shared_.per_address.take(address, Steady::now());
  if (!wait) return std::nullopt;
  counters_.limited_by_address.add();
  return Verdict{Became::limited, {}, wait, "too many requests", false};
}

bool Worker::enqueue(std::function<void()> work) {
  // Each thread has its share, rounded up.
  const std::size_t threads = std::max(1U, options().threads);
  if (queue_.size() >= (options().queue + threads - 1) / threads) {
    counters_.queue_full.add();
    return false;
  }
  queue_.push_back(std::move(work));
  counters_.queued.add();
  // Behind what is to be read already: so the queue is seen to grow, and its bound to hold.
  work_later();
  return true;
}

/// Whatever `work` throws, the thread goes on.
template <class F>
void Worker::guarded(const F& work) noexcept {
  try {
    work();
  } catch (const std::exception& e) {  // memory ran out
    try {
      log().write(LogLevel::error, "a request could not be carried out",
                  {{"reason", std::string_view(e.what())}});
    } catch (const std::exception&) {  // even for that
    }
  }
}

void Worker::work_a_while() {
  at_work_ = false;
  std::optional<Steady::time_point> until;  // the first one may have to wait for a lock, and does not count
  // Not what is put there meanwhile: who does so by an answer has his turn after the sockets.
  for (std::size_t n = queue_.size(); n > 0; --n) {
    const auto work = std::move(queue_.front());
    queue_.pop_front();
    counters_.unqueued.add();
    guarded(work);
    const auto now = Steady::now();
    if (!until) until = now + kTogether;
    if (now >= *until) break;
  }
  settle();
  if (!queue_.empty()) work_later();
}

void Worker::work_later() {
  if (at_work_) return;
  asio::post(io_, [this] { work_a_while(); });
  at_work_ = true;
}

void Worker::answer(Bytes message, std::string address, std::function<void(Verdict)> done) {
  const std::size_t type = message_type(message.size() > 1 ? message[1] : 0xFF);
  if (auto refusal = admit(address)) {
    counters_.messages[type][static_cast<std::size_t>(refusal->became)].add();
    return done(std::move(*refusal));
  }
  auto asked =
      std::make_shared<Asked>(Asked{std::move(message), std::move(address), std::move(done), Steady::now()});
  if (enqueue([this, asked] { work_on(asked); })) return;
  counters_.messages[type][static_cast<std::size_t>(Became::overloaded)].add();
  asked->done(Verdict{Became::overloaded, {}, kTryAgain, "the queue is full", false});
}

void Worker::work_on(const std::shared_ptr<Asked>& asked) {
  Reply reply;
  try {
    reply = serving_.handler->handle(asked->message);
  } catch (const std::exception& e) {  // memory ran out
    reply.answer = failure(e.what());
  }
  settling_.push_back({asked, std::move(reply)});
}

void Worker::settle() {
  settle(serving_.handler);
}

/// Lets go what has been handled, once it is safe: answers, and questions to other KMSs.
void Worker::settle(const std::shared_ptr<MessageHandler>& handler) {
  Status safe;
  try {
    safe = handler->settle();
  } catch (const std::exception& e) {  // memory ran out
    safe = cannot_work(e.what());
  }
  for (Settling& s : std::exchange(settling_, {}))
    guarded([&] {
      Answer& a = s.reply.answer;
      if (!safe) {
        a.state = Answer::State::failed;
        a.message.reset();
        a.error = safe.error();
      } else if (a.state == Answer::State::waiting && a.forward) {
        Send question = std::move(*a.forward);
        return ask_other(s.asked, handler, std::move(question));
      }
      finish(*s.asked, std::move(s.reply));
    });
}

void Worker::ask_other(const std::shared_ptr<Asked>& asked, std::shared_ptr<MessageHandler> handler,
                       Send question) {
  auto fail = [this, asked = asked, name = question.name.name()](const std::string& why) {
    Verdict v{Became::unavailable, {}, kTryAgainLater, "the other KMS gives no answer", true};
    const std::size_t type = message_type(asked->message.size() > 1 ? asked->message[1] : 0xFF);
    counters_.messages[type][static_cast<std::size_t>(v.became)].add();
    log().write(LogLevel::warning, "another KMS gives no answer",
                {{"kms", std::string_view(name)}, {"reason", std::string_view(why)}});
    asked->done(std::move(v));
  };
  const auto way = serving_.ways->find(question.name);
  if (way == serving_.ways->end()) return fail("there is no URL for it in the configuration");
  auto keep_running = std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(
      asio::make_work_guard(io_));
  // All goes on into the thread of this worker, so that nothing of a session ends in another one.
  auto done = [this, asked = asked, handler = std::move(handler), fail,
               keep_running](mikey::Result<Bytes> octets) mutable {
    asio::post(io_, [this, asked = std::move(asked), handler = std::move(handler), fail = std::move(fail),
                     keep_running = std::move(keep_running), octets = std::move(octets)] {
      if (!octets) return fail(octets.error().to_string());
      Reply reply;
      try {
        reply.answer = handler->take(*octets);
      } catch (const std::exception& e) {  // memory ran out
        reply.answer = failure(e.what());
      }
      settling_.push_back({asked, std::move(reply)});
      settle(handler);
    });
  };
  if (!shared_.outbound.ask(way->second, std::move(question.message), std::move(done)))
    fail("too many questions to other KMSs wait");
}

void Worker::finish(const Asked& asked, Reply reply) {
  const std::uint8_t data_type = asked.message.size() > 1 ? asked.message[1] : 0xFF;
  const std::size_t type = message_type(data_type);
  Answer told;  // what the log may say of it
  told.csb_id = reply.answer.csb_id;
  told.client = reply.answer.client;
  told.error = reply.answer.error;
  Verdict v = judge(std::move(reply));
  counters_.messages[type][static_cast<std::size_t>(v.became)].add();
  if (v.became == Became::limited) counters_.limited_by_identity.add();
  if (v.became == Became::answered && type < 2) counters_.tickets_issued.add();
  if (v.became == Became::answered && (type == 2 || type == 3)) counters_.tickets_resolved.add();
  counters_.count_latency(std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - asked.since));
  tell(asked, told, v.became);
  asked.done(std::move(v));
}

void Worker::tell(const Asked& asked, const Answer& answer, Became became) {
  const LogLevel level = became == Became::answered      ? LogLevel::debug
                         : became == Became::unavailable ? LogLevel::error
                                                         : LogLevel::info;
  if (!log().wants(level)) return;
  const auto now = Steady::now();
  if (now - told_since_ >= std::chrono::seconds(1)) {
    if (untold_ > 0)
      log().write(LogLevel::info, "refused requests that are not told one by one",
                  {{"count", static_cast<std::int64_t>(untold_)}});
    told_since_ = now;
    told_ = untold_ = 0;
  }
  if (level == LogLevel::info && ++told_ > kLinesASecond) {
    ++untold_;
    return;
  }
  const std::size_t type = message_type(asked.message.size() > 1 ? asked.message[1] : 0xFF);
  const std::string client = answer.client.data.empty() ? "" : answer.client.name();
  const std::string why = answer.error ? answer.error->to_string() : "";
  log().write(level, "request",
              {{"type", kMessageTypes[type]},
               {"result", kResults[static_cast<std::size_t>(became)]},
               {"address", std::string_view(asked.address)},
               {"csb", static_cast<std::int64_t>(answer.csb_id.value_or(0))},
               {"client", std::string_view(client)},
               {"reason", std::string_view(why)}});
}

const std::string& Worker::date() {
  const std::time_t now = std::time(nullptr);
  if (now == date_of_) return date_;
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  // RFC 9110 5.6.7; this program never leaves the locale "C".
  const std::size_t n = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  date_.assign(text.data(), n);
  date_of_ = now;
  return date_;
}

}  // namespace mikey::kms::http
