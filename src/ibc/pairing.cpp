#include "pairing.hpp"

#include "miller_walk.hpp"

namespace mikey::ibc {
namespace {

constexpr std::string_view kP =
    "997ABB1F0A563FDA65C61198DAD0657A416C0CE19CB48261BE9AE358B3E01A2EF40AAB27E2FC0F1B228730D531A59CB0"
    "E791B39FF7C88A19356D27F4A666A6D0E26C6487326B4CD4512AC5CD65681CE1B6AFF4A831852A82A7CF3C521C3C09AA"
    "9F94D6AF56971F1FFCE3E82389857DB080C5DF10AC7ACE87666D807AFEA85FEB";
constexpr std::string_view kQ =
    "265EAEC7C2958FF69971846636B4195E905B0338672D20986FA6B8D62CF8068BBD02AAC9F8BF03C6C8A1CC354C69672C"
    "39E46CE7FDF222864D5B49FD2999A9B4389B1921CC9AD335144AB173595A07386DABFD2A0C614AA0A9F3CF14870F026A"
    "A7E535ABD5A5C7C7FF38FA08E2615F6C203177C42B1EB3A1D99B601EBFAA17FB";
constexpr std::string_view kPx =
    "53FC09EE332C29AD0A7990053ED9B52A2B1A2FD60AEC69C698B2F204B6FF7CBFB5EDB6C0F6CE2308AB10DB9030B09E10"
    "43D5F22CDB9DFA55718BD9E7406CE8909760AF765DD5BCCB337C86548B72F2E1A702C3397A60DE74A7C1514DBA66910D"
    "D5CFB4CC80728D87EE9163A5B63F73EC80EC46C4967E0979880DC8ABEAE63895";
constexpr std::string_view kPy =
    "0A8249063F6009F1F9F1F0533634A135D3E82016029906963D778D821E141178F5EA69F4654EC2B9E7F7F5E5F0DE55F6"
    "6B598CCF9A140B2E416CFF0CA9E032B970DAE117AD547C6CCAD696B5B7652FE0AC6F1E80164AA989492D979FC5A4D5F2"
    "13515AD7E9CB99A980BDAD5AD5BB4636ADB9B5706A67DCDE75573FD71BEF16D7";
constexpr std::string_view kG =
    "66FC2A432B6EA392148F15867D623068C6A87BD1FB94C41E27FABE658E015A87371E94744C96FEDA449AE9563F8BC446"
    "CBFDA85D5D00EF577072DA8F541721BEEE0FAED1828EAB90B99DFB0138C7843355DF0460B4A9FD74B4F1A32BCAFA1FFA"
    "D682C033A7942BCCE3720F20B9B7B0403C8CAE87B7A0042ACDE0FAB36461EA46";

SakkeScalar number(std::string_view hex) {
  SakkeScalar r{};
  if (const auto octets = from_hex(hex)) limbs_from_octets(r, *octets);
  return r;
}

}  // namespace

SakkeParameterSet::SakkeParameterSet(const Kernel& kernel)
    : p(number(kP), kernel),
      q(number(kQ), kernel),
      curve(p, Curve<kSakkeLimbs>::A::minus_3, SakkeField::zero(), number(kQ)),
      edwards(p),
      base{p.from_limbs(number(kPx)), p.from_limbs(number(kPy))},
      g(p.from_limbs(number(kG))),
      q_digits(naf_vartime(number(kQ))),
      blocks(plan_miller_blocks(q_digits)),
      base_table_(edwards, base) {
  make_g_table();
}

void SakkeParameterSet::make_g_table() {
  std::vector<SakkeFp2> all;
  all.reserve(kWindows * kWindowEntries);
  SakkeFp2 row{p.one(), g};
  for (std::size_t i = 0; i < kWindows; ++i) {
    all.push_back(row);
    for (std::size_t j = 1; j < kWindowEntries; ++j) {
      SakkeFp2 next;
      fp2_mul(p, next, all.back(), row);
      all.push_back(next);
    }
    fp2_sqr(p, row, all.back());
  }
  std::vector<SakkeElement*> pointers;
  pointers.reserve(all.size());
  for (SakkeFp2& e : all) pointers.push_back(&e.re);
  p.invert_all(pointers);
  g_table_.reserve(all.size());
  for (const SakkeFp2& e : all) g_table_.push_back(p.mul(e.im, e.re));
}

SakkeFp2 SakkeParameterSet::power_of_g(const SakkeScalar& k) const {
  std::array<SignedDigit, kWindows> digits = signed_digits(k);
  SakkeFp2 r = fp2_one(p);
  SakkeElement t;
  for (std::size_t i = 0; i < kWindows; ++i) {
    // entry 0 is j = 1; for the digit 0 it is 0, the representative of 1
    pick_entry(t, std::span(g_table_).subspan(i * kWindowEntries, kWindowEntries), digits[i].magnitude - 1);
    p.negate_if(t, digits[i].negative, t);
    fp2_mul_torus(p, r, t);
  }
  wipe_object(digits);
  wipe_object(t);
  return r;
}

const SakkeParameterSet& sakke_set_1() {
  static const SakkeParameterSet set(best_kernel());
  return set;
}

SakkeFp2 sakke_pairing(const SakkeParameterSet& set, const SakkePoint& first, const SakkePoint& second,
                       bool& of_order_q) {
  const SakkeField& f = set.p;
  SakkeFp2 t = fp2_one(f);
  SakkeFp2 value;
  of_order_q = walk(set, first, [&](const ScaledLine& line, bool is_tangent) {
    if (is_tangent) fp2_sqr(f, t, t);
    f.mul(value.re, line.l, second.x);
    f.add(value.re, value.re, line.m);
    f.mul(value.im, line.n, second.y);
    fp2_mul(f, t, t, value);
  });
  final_exponentiation(f, t);
  wipe_object(value);
  return t;
}

SakkeElement torus_representative(const SakkeParameterSet& set, const SakkeFp2& t) {
  return set.p.mul(t.im, set.p.inverse(t.re));
}

}  // namespace mikey::ibc
