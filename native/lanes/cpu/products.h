#ifndef JEPALAB_LANES_PRODUCTS_H
#define JEPALAB_LANES_PRODUCTS_H
#include <type_traits>

#include "cpu/braid-tile.h"
#include "cpu/digits.h"
#include "cpu/net.h"
#include "cpu/panel.h"
#include "cpu/results.h"
#include "cpu/team.h"
#include "cpu/turn.h"

namespace lanes {
/* How a member of a team, or a thread alone, makes products of a Net's matrices, and which part of each is its own. */
template <class V, int Runs, int D, int Kind>
struct Products {
  using Real = typename V::Real;
  using Mat = typename Net<V, Runs, D>::Mat;
  static constexpr int N = Net<V, Runs, D>::vectors(D);
  static constexpr bool known_braid = Net<V, Runs, D>::known_braid;
  static constexpr bool may_mirror = D == 0 || D >= Net<V, Runs, D>::mirrored_from;

  Net<V, Runs, D>& net;
  const Share team;
  struct None {};
  const std::conditional_t<Kind == INT8X3, digits::Unit, None> unit{};  // for as long as this is its thread's

  /* This member's columns of a product: out(i, j) of Σₖ a[i][k] b[k][j], begun from `start`. */
  template <class A, class B, class Out, class Start = FromZero<Mat>>
  LANES_INLINE void multiply(int m, int n, int k, A a, B b, const Out& out, const Start& start = {}) const {
    some(columns(m, n), k, a, b, out, start);
  }

  /* Nobody shares a net whose size the compiler knows. */
  LANES_INLINE int begin(int n) const { return D > 0 ? 0 : team.begin(n); }
  LANES_INLINE int end(int n) const { return D > 0 ? n : team.end(n); }
  LANES_INLINE Part columns(int m, int n) const { return {0, m, begin(n), end(n)}; }
  LANES_INLINE Part rows(int m, int n) const { return {begin(m), end(m), 0, n}; }
  LANES_INLINE void meet() const {
    if (D == 0) team.sync();
  }

  static LANES_INLINE V at(const Mat& m, int i, int j) { return V::load(m.vector(i, j)); }

  /* That part of a product. */
  template <class A, class B, class Out, class Start = FromZero<Mat>>
  LANES_INLINE void some(const Part& part, int k, A a, B b, const Out& out, const Start& start = {}) const {
    if constexpr (Kind == INT8X3) {
      const digits::Source right = columns_of(b);
      const int n = right.across ? part.right * V::width : net.size.w();
      digits::multiply<Mat>(part, n, k, rows_of(a), right, net.strips[team.member], onto(start, out));
    } else if constexpr (known_braid && D > 4 && std::is_same_v<Start, FromZero<Mat>>) {
      multiply_braid<Mat, D>(a, b, out);
    } else if constexpr (D > 0 && D <= 4) {
      chain_in_place<Mat, D, N>(part, k, a, b, start, out);  // a call would cost as much as the product
    } else {
      chain<Mat, D, N>(part, k, a, b, start, out);
    }
  }

  /* Where operands that are cut into digits lie: a right one's columns, or what is to be turned into them; a left one's rows. */
  static LANES_INLINE digits::Source columns_of(const digits::Source& turned) { return turned; }
  template <class View>
  static LANES_INLINE digits::Source columns_of(const View& v) {
    return {v.at, v.row(), true};
  }
  template <class View>
  static LANES_INLINE digits::Source rows_of(const View& v) {
    return {v.at, v.row() * v.col(), v.row() == Runs};
  }

  template <class F>
  static LANES_INLINE void each(const Part& part, F f) {
    for (int i = part.top; i < part.bottom; i++)
      for (int j = part.left; j < part.right; j++) f(i, j);
  }

  /* to = from' for this member's columns of a product. */
  LANES_INLINE void turn(const Mat& from, const Mat& to) const {
    constexpr int width = V::width, across = Net<V, Runs, D>::across;
    const int d = net.size.d(), last = end(net.cd()) * across;
    transpose<V, Runs>(net.size.w(), begin(net.cd()) * across, last < d ? last : d, from.at, from.ld() * width, to.at, to.ld() * width);
  }

  LANES_INLINE bool is_mirrored() const { return Kind != INT8X3 && may_mirror && net.mirrored[0].at != nullptr; }

  /* to = from' for some rows of a weight, down whose columns every element is on a page of its own. */
  __attribute__((noinline)) void mirror(const Part& part, const Mat& from, const Mat& to) const {
    const int row = from.ld() * V::width, out = to.ld() * V::width;
    transpose<V, Runs>(part.bottom - part.top, 0, part.right, from.vector(part.top, 0), row, to.at + part.top * Runs, out);
  }
};
}  // namespace lanes
#endif
