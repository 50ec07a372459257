// General extensions.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {

void check_extensions(Context& c) {
  bool key_parameters = false;
  c.each<wire::GeneralExt>([&](const wire::GeneralExt& e, const wire::Slot& s) {
    const std::string number = std::to_string(wire::to_number(e.type));
    if (wire::name_of(e.type).empty()) c.add(rule("ext-unknown"), s.body(), "general extension " + number);
    if (e.type == GeneralExtType::vendor_id)
      c.add(rule("vendor-id"), s.body(), "vendor ID of " + std::to_string(e.data.size()) + " octets");
    key_parameters = key_parameters || e.type == GeneralExtType::key_parameters_3gpp;
  });
  if (!key_parameters)
    c.add(rule("key-parameters-missing"), c.m.octets().size(), "no key parameters (general extension 7)");
}

}  // namespace mikey::profile
