// SPDX-License-Identifier: Apache-2.0
// Of each direction the note has a word, the next sequence number, and a half:
//   0xffff   the search is over
//   0        no segment was seen
//   else     bit 15: the stream's first sequence number is known; below: 1 + bytes passed
#include "capture/tls/tls_search.h"

#include <algorithm>

namespace nspect::capture {
namespace {

constexpr std::uint16_t start_bit = 0x8000;
constexpr std::uint64_t most_passed = TlsSide::search_limit + 1;  // more makes no difference
static_assert(most_passed + 1 < start_bit - 1);

}  // namespace

TlsSearch::Found TlsSearch::see(const FlowPayload& segment) {
    StreamPosition position = this->position(segment.direction);
    position.begin(segment);
    const std::int32_t ahead = position.ahead(segment);
    if (ahead > 0) return Found::maybe;
    const std::int64_t passed = -std::int64_t{ahead};
    const std::int64_t fresh = segment.wire_bytes - passed;
    if (fresh > 0) {
        const auto captured = std::min<std::size_t>(segment.bytes.size(), segment.wire_bytes);
        const auto old = std::min(static_cast<std::size_t>(passed), captured);
        if (TlsSide::may_begin_with(segment.bytes.first(captured).subspan(old))) {
            return Found::maybe;
        }
        position.advance(static_cast<std::uint64_t>(fresh));
    }
    keep(segment.direction, position);
    return position.passed > TlsSide::search_limit ? Found::nothing_any_more : Found::nothing;
}

StreamPosition TlsSearch::position(Direction direction) const {
    const std::uint16_t half = note_.halves[index(direction)];
    if (half == 0) return {};
    return {.passed = static_cast<std::uint64_t>(half & ~start_bit) - 1,
            .next_sequence = note_.words[index(direction)],
            .begun = true,
            .start_known = (half & start_bit) != 0};
}

void TlsSearch::keep(Direction direction, const StreamPosition& position) {
    const auto passed = static_cast<std::uint16_t>(std::min(position.passed, most_passed) + 1);
    note_.words[index(direction)] = position.next_sequence;
    note_.halves[index(direction)] =
        static_cast<std::uint16_t>(passed | (position.start_known ? start_bit : 0));
}

void TlsSearch::end() {
    note_.halves = {over, over};
}

}  // namespace nspect::capture
