/// \file
/// MIKEY without HTTP: a message a datagram over UDP, messages behind their lengths over TCP.
#pragma once

#include <boost/asio/ip/udp.hpp>

#include "kms/http/worker.hpp"

namespace mikey::kms::http {

/// Serves a descriptor of a bound UDP socket, which may be one of several for the same socket.
std::shared_ptr<Session> start_datagrams(Worker& worker, asio::ip::udp::socket socket);

}  // namespace mikey::kms::http
