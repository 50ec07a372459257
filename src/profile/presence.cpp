#include "presence.hpp"

#include <algorithm>

namespace mikey::profile {
namespace {

using P = PayloadType;

// RFC 3830 3.1, 4.5
constexpr Expected kPskInit[] = {
    {P::t, 1, 1, 1}, {P::rand, 0, 0, 1}, {P::id, 0, 0, 2}, {P::sp, 0, 0, kAny}, {P::kemac, 1, 1, 1}};
constexpr Expected kVerification[] = {{P::t, 1, 1, 1}, {P::id, 0, 0, 1}, {P::v, 1, 1, 1}};
// 3.2
constexpr Expected kPkInit[] = {{P::t, 1, 1, 1},       {P::rand, 0, 0, 1},  {P::id, 0, 0, 2},
                                {P::cert, 0, 0, kAny}, {P::sp, 0, 0, kAny}, {P::kemac, 1, 0, 1},
                                {P::chash, 0, 0, 1},   {P::pke, 1, 1, 1},   {P::sign, 1, 1, 1}};
// 3.3
constexpr Expected kDhInit[] = {{P::t, 1, 1, 1},       {P::rand, 0, 0, 1},  {P::id, 0, 0, 2},
                                {P::cert, 0, 0, kAny}, {P::sp, 0, 0, kAny}, {P::dh, 1, 0, 1},
                                {P::sign, 1, 1, 1}};
constexpr Expected kDhResp[] = {
    {P::t, 1, 1, 1}, {P::id, 1, 1, 2}, {P::cert, 0, 0, kAny}, {P::dh, 2, 0, 2}, {P::sign, 1, 1, 1}};
// 5.1.2; a KEMAC without data authenticates errors of DHHMAC
constexpr Expected kError[] = {{P::t, 1, 1, 1},     {P::idr, 0, 0, kAny}, {P::err, 1, 1, kAny},
                               {P::sp, 0, 0, kAny}, {P::kemac, 0, 0, 1},  {P::v, 0, 0, 1},
                               {P::sign, 0, 0, 1}};
// RFC 4650 3
constexpr Expected kDhhmacInit[] = {{P::t, 1, 1, 1},     {P::rand, 0, 0, 1}, {P::id, 1, 1, 2},
                                    {P::sp, 0, 0, kAny}, {P::dh, 1, 0, 1},   {P::kemac, 1, 1, 1}};
constexpr Expected kDhhmacResp[] = {{P::t, 1, 1, 1}, {P::id, 1, 1, 2}, {P::dh, 2, 0, 2}, {P::kemac, 1, 1, 1}};
// RFC 4738 3.1
constexpr Expected kRsarInit[] = {{P::t, 1, 1, 1},       {P::rand, 0, 0, 1},  {P::id, 0, 0, 2},
                                  {P::cert, 0, 0, kAny}, {P::sp, 0, 0, kAny}, {P::sign, 1, 1, 1}};
constexpr Expected kRsarResp[] = {{P::t, 1, 1, 1},       {P::rand, 0, 0, 1},  {P::id, 0, 0, 1},
                                  {P::cert, 0, 0, kAny}, {P::sp, 0, 0, kAny}, {P::kemac, 1, 1, 1},
                                  {P::pke, 1, 1, 1},     {P::sign, 1, 1, 1}};
// RFC 6043 4.2.1
constexpr Expected kRequestInitPsk[] = {
    {P::t, 1, 1, 1}, {P::randr, 1, 1, 1}, {P::idr, 0, 0, kAny}, {P::tp, 1, 1, 1}, {P::v, 1, 1, 1}};
constexpr Expected kRequestInitPk[] = {{P::t, 1, 1, 1},       {P::randr, 1, 1, 1}, {P::idr, 0, 0, kAny},
                                       {P::cert, 0, 0, kAny}, {P::tp, 1, 1, 1},    {P::chash, 0, 0, 1},
                                       {P::pke, 1, 1, 1},     {P::sign, 1, 1, 1}};
constexpr Expected kRequestResp[] = {
    {P::t, 1, 1, 1}, {P::idr, 0, 0, kAny}, {P::ticket, 1, 1, 1}, {P::kemac, 1, 1, 1}, {P::v, 1, 1, 1}};
// 4.2.2, 5.2
constexpr Expected kTransferInit[] = {{P::t, 1, 1, 1},     {P::randr, 0, 0, 1},  {P::idr, 0, 0, kAny},
                                      {P::sp, 0, 0, kAny}, {P::ticket, 1, 0, 1}, {P::kemac, 0, 0, 1},
                                      {P::v, 1, 1, 1}};
constexpr Expected kTransferResp[] = {{P::t, 1, 1, 1},     {P::randr, 0, 0, 2}, {P::idr, 0, 0, kAny},
                                      {P::sp, 0, 0, kAny}, {P::kemac, 0, 0, 1}, {P::v, 1, 1, 1}};
// 4.2.3
constexpr Expected kResolveInitPsk[] = {
    {P::t, 1, 1, 1}, {P::randr, 1, 1, 1}, {P::idr, 0, 0, kAny}, {P::ticket, 1, 1, 1}, {P::v, 1, 1, 1}};
constexpr Expected kResolveInitPk[] = {{P::t, 1, 1, 1},       {P::randr, 1, 1, 1},  {P::idr, 0, 0, kAny},
                                       {P::cert, 0, 0, kAny}, {P::ticket, 1, 1, 1}, {P::chash, 0, 0, 1},
                                       {P::pke, 1, 1, 1},     {P::sign, 1, 1, 1}};
constexpr Expected kResolveResp[] = {
    {P::t, 1, 1, 1}, {P::idr, 0, 0, kAny}, {P::kemac, 1, 1, 1}, {P::randr, 0, 0, 1}, {P::v, 1, 1, 1}};
// RFC 6267 4.2.1
constexpr Expected kKeyInitPsk[] = {
    {P::t, 1, 1, 1}, {P::rand, 1, 1, 1}, {P::idr, 2, 2, kAny}, {P::kemac, 0, 0, 1}, {P::v, 1, 1, 1}};
constexpr Expected kKeyInitPke[] = {{P::t, 1, 1, 1},       {P::rand, 1, 1, 1},  {P::idr, 2, 2, kAny},
                                    {P::cert, 0, 0, kAny}, {P::kemac, 0, 0, 1}, {P::chash, 0, 0, 1},
                                    {P::pke, 1, 1, 1},     {P::sign, 1, 1, 1}};
constexpr Expected kKeyResp[] = {{P::t, 1, 1, 1}, {P::idr, 0, 0, kAny}, {P::kemac, 1, 1, 1}, {P::v, 1, 1, 1}};
// 4.2.2, 5.3
constexpr Expected kIMessage1[] = {{P::t, 1, 1, 1},     {P::rand, 0, 0, 1},  {P::idr, 2, 0, 2},
                                   {P::sp, 0, 0, kAny}, {P::ibake, 1, 0, 1}, {P::esk, 0, 0, 1}};
constexpr Expected kRMessage1[] = {{P::t, 1, 1, 1}, {P::idr, 0, 0, 2}, {P::ibake, 0, 0, 1}, {P::v, 0, 0, 1}};
constexpr Expected kIMessage2[] = {
    {P::t, 1, 1, 1}, {P::rand, 1, 1, 1}, {P::idr, 2, 2, 2}, {P::ibake, 1, 1, 1}, {P::esk, 0, 0, 1}};
constexpr Expected kRMessage2[] = {{P::t, 1, 1, 1}, {P::idr, 0, 0, 2}, {P::ibake, 0, 0, 1}, {P::v, 1, 1, 1}};
// RFC 6509 2.1
constexpr Expected kSakke[] = {{P::t, 1, 1, 1},       {P::rand, 1, 1, 1},  {P::idr, 0, 0, kAny},
                               {P::cert, 0, 0, kAny}, {P::sp, 0, 0, kAny}, {P::sakke, 1, 1, 1},
                               {P::sign, 1, 1, 1}};

using D = DataType;
constexpr MessageKind kKinds[] = {
    {D::psk_init, "RFC 3830 3.1", P::kemac, P::rand, true, false, kPskInit},
    {D::psk_resp, "RFC 3830 3.1", P::v, P::last, true, true, kVerification},
    {D::pk_init, "RFC 3830 3.2", P::sign, P::rand, true, false, kPkInit},
    {D::pk_resp, "RFC 3830 3.2", P::v, P::last, true, true, kVerification},
    {D::dh_init, "RFC 3830 3.3", P::sign, P::rand, true, false, kDhInit},
    {D::dh_resp, "RFC 3830 3.3", P::sign, P::last, true, true, kDhResp},
    {D::error, "RFC 3830 5.1.2", P::last, P::last, false, true, kError},
    {D::dhhmac_init, "RFC 4650 3", P::kemac, P::rand, true, false, kDhhmacInit},
    {D::dhhmac_resp, "RFC 4650 3", P::kemac, P::last, true, true, kDhhmacResp},
    {D::rsar_init, "RFC 4738 3.1", P::sign, P::last, true, false, kRsarInit},
    {D::rsar_resp, "RFC 4738 3.1", P::sign, P::last, true, true, kRsarResp},
    {D::request_init_psk, "RFC 6043 4.2.1", P::v, P::last, false, false, kRequestInitPsk},
    {D::request_init_pk, "RFC 6043 4.2.1", P::sign, P::last, false, false, kRequestInitPk},
    {D::request_resp, "RFC 6043 4.2.1", P::v, P::last, false, true, kRequestResp},
    {D::transfer_init, "RFC 6043 4.2.2", P::v, P::randr, false, false, kTransferInit},
    {D::transfer_resp, "RFC 6043 4.2.2", P::v, P::last, false, true, kTransferResp},
    {D::resolve_init_psk, "RFC 6043 4.2.3", P::v, P::last, false, false, kResolveInitPsk},
    {D::resolve_init_pk, "RFC 6043 4.2.3", P::sign, P::last, false, false, kResolveInitPk},
    {D::resolve_resp, "RFC 6043 4.2.3", P::v, P::last, false, true, kResolveResp},
    {D::request_key_init_psk, "RFC 6267 4.2.1", P::v, P::last, false, false, kKeyInitPsk},
    {D::request_key_init_pke, "RFC 6267 4.2.1", P::sign, P::last, false, false, kKeyInitPke},
    {D::request_key_resp, "RFC 6267 4.2.1", P::v, P::last, false, true, kKeyResp},
    {D::i_message_1, "RFC 6267 4.2.2", P::last, P::rand, false, false, kIMessage1},
    {D::r_message_1, "RFC 6267 4.2.2", P::last, P::last, false, true, kRMessage1},
    {D::i_message_2, "RFC 6267 4.2.2", P::last, P::last, false, false, kIMessage2},
    {D::r_message_2, "RFC 6267 4.2.2", P::v, P::last, false, true, kRMessage2},
    {D::sakke_init, "RFC 6509 2.1", P::sign, P::last, true, false, kSakke},
};

}  // namespace

const MessageKind* kind_of(DataType type) {
  const auto it = std::ranges::find(kKinds, type, &MessageKind::type);
  return it == std::end(kKinds) ? nullptr : &*it;
}

}  // namespace mikey::profile
