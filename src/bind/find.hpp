// What the parts of the search share.
#pragma once

#include <functional>

#include "mikey/bind/find.hpp"

namespace mikey::bind {

// Each adds what it finds to `out`; what cannot be read becomes a diagnostic there.
void find_in_description(std::string_view text, const std::string& prefix, Findings& out);
void find_in_rtsp(const TextMessage& message, Findings& out);
void find_in_sip(const TextMessage& message, Findings& out);
// MIME headers, an empty line and a body.
void find_in_mime(std::string_view text, Findings& out);
// SIP and RTSP messages one after another, with interleaved media ($) and rubbish between them passed over.
// `at` is called with the offset of each message before it is searched.
void find_in_messages(std::string_view text, Findings& out, const std::function<void(std::size_t)>& at);
// A header or parameter without a message around it; false when the text is none.
bool find_in_fragment(std::string_view text, Findings& out);
void find_in_capture(const pcap::Capture& capture, Findings& out);

// Adds a message, unless there are too many.
void add_found(Findings& out, Bytes message, std::string source, std::vector<std::string> diagnostics);
// "packet 7: " and such before what went wrong.
void add_note(Findings& out, std::string_view where, const Error& error);

}  // namespace mikey::bind
