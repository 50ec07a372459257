/// \file
/// All payloads, and the step from a payload number to its struct.
#pragma once

#include "mikey/wire/payload/general.hpp"
#include "mikey/wire/payload/hdr.hpp"
#include "mikey/wire/payload/identity.hpp"
#include "mikey/wire/payload/identity_based.hpp"
#include "mikey/wire/payload/key.hpp"
#include "mikey/wire/payload/policy.hpp"
#include "mikey/wire/payload/ticket.hpp"

namespace mikey::wire {

/// Calls `f.template operator()<P>()` with the payload struct of `type`. False, without a call, for unknown
/// types.
template <class F>
constexpr bool with_payload(PayloadType type, F&& f) {
  switch (type) {
    case PayloadType::kemac:
      f.template operator()<Kemac>();
      return true;
    case PayloadType::pke:
      f.template operator()<Pke>();
      return true;
    case PayloadType::dh:
      f.template operator()<Dh>();
      return true;
    case PayloadType::sign:
      f.template operator()<Sign>();
      return true;
    case PayloadType::t:
      f.template operator()<T>();
      return true;
    case PayloadType::id:
      f.template operator()<Id>();
      return true;
    case PayloadType::cert:
      f.template operator()<Cert>();
      return true;
    case PayloadType::chash:
      f.template operator()<Chash>();
      return true;
    case PayloadType::v:
      f.template operator()<Ver>();
      return true;
    case PayloadType::sp:
      f.template operator()<Sp>();
      return true;
    case PayloadType::rand:
      f.template operator()<Rand>();
      return true;
    case PayloadType::err:
      f.template operator()<Err>();
      return true;
    case PayloadType::tr:
      f.template operator()<Tr>();
      return true;
    case PayloadType::idr:
      f.template operator()<Idr>();
      return true;
    case PayloadType::randr:
      f.template operator()<Randr>();
      return true;
    case PayloadType::tp:
      f.template operator()<Tp>();
      return true;
    case PayloadType::ticket:
      f.template operator()<Ticket>();
      return true;
    case PayloadType::key_data:
      f.template operator()<KeyData>();
      return true;
    case PayloadType::general_ext:
      f.template operator()<GeneralExt>();
      return true;
    case PayloadType::ibake:
      f.template operator()<Ibake>();
      return true;
    case PayloadType::esk:
      f.template operator()<Esk>();
      return true;
    case PayloadType::sk:
      f.template operator()<Sk>();
      return true;
    case PayloadType::eccpt:
      f.template operator()<Eccpt>();
      return true;
    case PayloadType::sakke:
      f.template operator()<Sakke>();
      return true;
    case PayloadType::last:
      break;
  }
  return false;
}

/// Key data, SK and ECCPT stand in encrypted data only, never in a message itself.
constexpr bool encrypted_only(PayloadType t) {
  return t == PayloadType::key_data || t == PayloadType::sk || t == PayloadType::eccpt;
}

}  // namespace mikey::wire
