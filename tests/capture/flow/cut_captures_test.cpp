// SPDX-License-Identifier: Apache-2.0
// Every capture, cut at any byte: what is left is a prefix of the facts, and nothing is invented.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/capture/flow/shared_captures.h"

using namespace nspect;
using namespace nspect::test;

namespace {

using Bytes = std::vector<std::byte>;
using ById = std::map<std::uint64_t, Sighting>;

Bytes bytes_of_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

struct Facts {
    ById flows;
    std::uint64_t packets = 0;
    bool ended_well = true;  ///< no error at the end
};

Facts facts_of(std::span<const std::byte> bytes) {
    Facts facts;
    auto source = capture::open_bytes(bytes, "cut");
    if (!source) {
        facts.ended_well = false;
        return facts;
    }
    capture::FlowTable table;
    Timestamp last{};
    while (!(*source)->finished()) {
        const auto count = (*source)->read(1000, [&](const capture::RawPacket& raw) {
            auto packet = capture::decode(raw.data, raw.wire_length, raw.link);
            last = raw.time;
            ++facts.packets;
            table.add(packet, raw.interface_id * 1000 + packet.interface_index, raw.time);
        });
        facts.ended_well = facts.ended_well && count.has_value();
    }
    for (auto& each : table.take_changed(last)) facts.flows[each.id] = std::move(each);
    return facts;
}

std::pair<Socket, Socket> ends(const Sighting& s) {
    return std::minmax(s.client, s.server);
}

/// What is wrong with the flow of a cut capture, beside that of the whole one.
std::string wrong_in(const Sighting& cut, const ById& whole) {
    const auto found = whole.find(cut.id);
    if (found == whole.end()) return "a flow that is not there";
    const Sighting& all = found->second;
    const bool same = ends(cut) == ends(all) && cut.vantage == all.vantage &&
                      cut.protocol == all.protocol && cut.first == all.first;
    if (!same) return "another flow";
    const auto packets = [](const Sighting& s) { return s.sent.packets + s.received.packets; };
    const auto bytes = [](const Sighting& s) { return s.sent.bytes + s.received.bytes; };
    if (packets(cut) > packets(all) || bytes(cut) > bytes(all)) return "more than was there";
    if (cut.outcome == Outcome::established && all.outcome != Outcome::established) {
        return "established too early";
    }
    if (!cut.app.empty() && all.app.empty()) return "a protocol that is not there";
    return {};
}

/// Every length of a small capture; of a large one those around its ends and many between.
std::vector<std::size_t> cuts_of(std::size_t size) {
    constexpr std::size_t small = 3000;
    std::vector<std::size_t> cuts;
    if (size <= small) {
        for (std::size_t n = 0; n < size; ++n) cuts.push_back(n);
        return cuts;
    }
    std::mt19937 random(static_cast<unsigned>(size));
    for (std::size_t n = 0; n < 120; ++n) cuts.push_back(n);
    for (int i = 0; i < 80; ++i) cuts.push_back(random() % size);
    for (std::size_t n = size - 40; n < size; ++n) cuts.push_back(n);
    return cuts;
}

}  // namespace

TEST_CASE("a capture cut at any byte gives a prefix of its facts", "[flow][shared]") {
    std::size_t tried = 0;
    std::set<std::string> kinds;  // by the first bytes: byte order, resolution, pcapng
    for (const char* folder : {"public", "lab-a"}) {
        std::error_code missing;
        for (const auto& entry :
             std::filesystem::directory_iterator(shared_captures(folder), missing)) {
            const auto kind = entry.path().extension();
            if (kind != ".pcap" && kind != ".pcapng" && kind != ".cap") continue;
            CAPTURE(entry.path().filename().string());
            const Bytes bytes = bytes_of_file(entry.path());
            const Facts whole = facts_of(bytes);
            if (!whole.ended_well || bytes.size() < 4) continue;
            kinds.emplace(reinterpret_cast<const char*>(bytes.data()), 4);
            for (const std::size_t cut : cuts_of(bytes.size())) {
                const Facts facts = facts_of(std::span(bytes).first(cut));
                ++tried;
                if (facts.packets > whole.packets) FAIL("packets invented at " << cut);
                for (const auto& [id, flow] : facts.flows) {
                    const std::string wrong = wrong_in(flow, whole.flows);
                    if (!wrong.empty()) FAIL("cut at " << cut << ": " << wrong);
                }
            }
        }
    }
    if (tried == 0) return;
    CHECK(tried > 10'000);
    CHECK(kinds.size() >= 4);  // pcap little-endian, big-endian, nanoseconds; pcapng
}
