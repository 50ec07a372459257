/// \file
/// The services of a KMS behind one entrance: a message goes to the one that takes its data type.
#pragma once

#include <optional>
#include <vector>

#include "mikey/exchange/exchange.hpp"

namespace mikey::kms {

/// What came of one message.
struct Answer {
  enum class State : std::uint8_t { answered, failed, waiting };
  State state = State::failed;
  std::optional<std::uint32_t> csb_id;  ///< of the request, as far as it could be read
  std::optional<Bytes> message;         ///< to be sent back; an error message too
  Identity client;                      ///< whom it is for, when that is known
  std::optional<Error> error;           ///< with failed
  std::optional<Send> forward;          ///< with waiting: to another KMS, whose answer is for Issuer::take
};

/// Answers messages of some data types: tickets (Issuer), private keys (KeyIssuer).
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Whether messages of this type are its to answer.
  virtual bool takes(DataType type) const = 0;
  /// Whatever the octets are, the result is an answer or a reason.
  virtual Answer handle(ByteView message) const = 0;
};

/// All that a KMS answers. No more than its handlers are, it is safe for several threads.
class Service {
 public:
  /// `handler` must outlive the service. Of two that take the same type the first one added is asked.
  void add(const RequestHandler& handler) { handlers_.push_back(&handler); }

  /// The answer of the handler that takes the message; a reason when none does.
  Answer handle(ByteView message) const;

 private:
  std::vector<const RequestHandler*> handlers_;
};

}  // namespace mikey::kms
