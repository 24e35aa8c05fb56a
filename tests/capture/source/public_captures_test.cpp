// SPDX-License-Identifier: Apache-2.0
// Every public capture read to its end and at many cuts, against what tshark finds in it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "capture/decode/decode.h"
#include "capture/decode/dns.h"
#include "capture/source/capture_file.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

std::vector<std::filesystem::path> public_captures() {
    const char* shared = std::getenv("NSPECT_SHARED");
    const std::filesystem::path folder =
        std::filesystem::path(shared != nullptr ? shared : "../shared") / "captures/public";
    std::vector<std::filesystem::path> files;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        if (entry.path().extension() != ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) std::printf("left out: public captures (no %s)\n", folder.c_str());
    return files;
}

struct Counts {
    std::size_t packets = 0;
    std::uint64_t bytes = 0;
    std::size_t understood = 0;
    bool failed = false;
};

Counts count(Result<std::unique_ptr<PacketSource>> source) {
    Counts counts;
    if (!source) return {.failed = true};
    while (!(*source)->finished()) {
        const auto result = (*source)->read(1000, [&](const RawPacket& raw) {
            const auto packet = decode(raw.data, raw.wire_length, raw.link);
            ++counts.packets;
            counts.bytes += raw.wire_length;
            counts.understood += packet.outcome == DecodeOutcome::ok ? 1 : 0;
            if (packet.protocol == Protocol::udp) (void)decode_dns(packet.payload);
        });
        counts.failed |= !result;
    }
    return counts;
}

std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
    const auto view = std::as_bytes(std::span(chars));
    return {view.begin(), view.end()};
}

}  // namespace

TEST_CASE("public captures hold as many packets as tshark finds", "[source][shared]") {
    for (const auto& path : public_captures()) {
        CAPTURE(path.filename().string());
        const auto expected =
            nlohmann::json::parse(std::ifstream(path.string() + ".json"))["expected"];
        const Counts counts = count(open_file(path.string()));
        CHECK(counts.failed == (expected["tshark_exit"] != 0));
        CHECK(counts.packets == expected["packets"]);
        if (expected.contains("bytes_on_wire")) CHECK(counts.bytes == expected["bytes_on_wire"]);
    }
}

TEST_CASE("public captures cut anywhere lose only what was cut", "[source][shared]") {
    for (const auto& path : public_captures()) {
        CAPTURE(path.filename().string());
        const auto bytes = bytes_of(path);
        const std::size_t step = std::max<std::size_t>(1, bytes.size() / 40) | 1U;
        std::size_t before = 0;
        for (std::size_t length = 0; length <= bytes.size(); length += step) {
            const Counts counts = count(open_bytes(std::span(bytes).first(length), "cut"));
            CHECK(counts.packets >= before);
            before = counts.packets;
        }
    }
}
