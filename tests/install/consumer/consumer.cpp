#include <iostream>
#include <mikey/base/bytes.hpp>

int main() {
  const mikey::Bytes octets{0, 1, 2, 3, 4, 5};
  std::cout << mikey::to_base64(octets) << '\n';
}
