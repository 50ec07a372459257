#include "mikey/kms/service.hpp"

namespace mikey::kms {

Answer Service::handle(ByteView octets) const {
  // The data type is the second octet of every message, well-formed or not (RFC 3830 6.1).
  if (octets.size() >= 2) {
    for (const RequestHandler* h : handlers_)
      if (h->takes(static_cast<DataType>(octets[1]))) return h->handle(octets);
  }
  Answer a;
  auto m = wire::Message::parse(octets);
  if (!m) {
    const wire::Remains r = wire::examine_broken(octets);
    if (r.hdr) a.csb_id = r.hdr->csb_id;
    a.error = std::move(m).error();
    return a;
  }
  a.csb_id = m->hdr().csb_id;
  a.error = bad_message(
      ErrorCode::invalid_dt, "RFC 3830 6.1",
      "data type " + std::to_string(wire::to_number(m->hdr().data_type)) + " is no request to this KMS", 1);
  return a;
}

}  // namespace mikey::kms
