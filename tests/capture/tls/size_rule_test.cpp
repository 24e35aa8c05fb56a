// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/size_rule.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;

using Lengths = std::vector<std::uint16_t>;

TEST_CASE("the lengths of the client's flight decide", "[tls]") {
    using enum ClientCert;
    const auto [cipher, lengths, expected,
                confidence] = GENERATE(table<std::uint16_t, Lengths, ClientCert, Confidence>({
        {0x1301, {53}, not_requested, Confidence::high},
        {0x1303, {53, 900}, not_requested, Confidence::high},
        {0x1302, {69, 35, 19}, not_requested, Confidence::high},
        {0x1305, {45}, not_requested, Confidence::high},
        {0x1301, {25, 53}, declined, Confidence::high},
        {0x1302, {25, 69}, declined, Confidence::high},
        {0x1305, {17, 45}, declined, Confidence::high},
        {0x1301, {61}, declined, Confidence::high},
        {0x1302, {77}, declined, Confidence::high},
        {0x1305, {53}, declined, Confidence::high},
        {0x1301, {541, 96, 53}, presented, Confidence::high},
        {0x1302, {529, 529, 436, 529, 25, 69}, presented, Confidence::high},
        {0x1301, {656, 35}, presented, Confidence::high},
        // Sixteen bytes more on every record.
        {0x1301, {69}, not_requested, Confidence::high},
        {0x1302, {85, 51}, not_requested, Confidence::high},
        {0x1302, {41, 85}, declined, Confidence::high},
        {0x1301, {557, 112, 69}, presented, Confidence::high},
        {0x1301, {69, 19}, unknown, Confidence::none},
        // To a multiple of sixteen.
        {0x1301, {64, 48}, not_requested, Confidence::high},
        {0x1302, {32, 80}, declined, Confidence::high},
        {0x1301, {544, 112, 64}, presented, Confidence::high},
        {0x1302, {80}, unknown, Confidence::none},
        // Blocks.
        {0x1302, {80, 80, 80}, unknown, Confidence::none},
        {0x1302, {144, 144, 144}, unknown, Confidence::none},
        {0x1302, {528, 528, 1040}, unknown, Confidence::none},
        {0x1302, {4112}, unknown, Confidence::none},
        {0x1302, {1040, 144, 144, 144}, unknown, Confidence::none},
        // Blocks of other sizes, and of handshakes alone: a long first record is no certificate.
        {0x1301, {216, 216, 216}, unknown, Confidence::none},
        {0x1301, {216, 35, 19}, unknown, Confidence::none},
        {0x1302, {528, 35, 19}, unknown, Confidence::none},
        {0x1302, {528, 528, 35}, unknown, Confidence::none},
        {0x1302, {528, 80, 80}, unknown, Confidence::none},
        {0x1301, {64, 64, 64}, unknown, Confidence::none},
        {0x1301, {69, 69, 69}, unknown, Confidence::none},
        // Full fragments are no padding.
        {0x1301, {529, 529, 529}, presented, Confidence::high},
        // A client that gives up, one that has said only half, a suite nobody knows.
        {0x1301, {19}, unknown, Confidence::none},
        {0x1301, {25}, unknown, Confidence::none},
        {0x1301, {25, 19}, unknown, Confidence::none},
        {0x1301, {120, 53}, unknown, Confidence::none},
        {0xc02f, {53}, unknown, Confidence::none},
        {0x1301, {}, unknown, Confidence::none},
    }));
    CAPTURE(cipher, lengths);
    CHECK(judge_sizes({cipher, false, lengths}) == SizeVerdict{expected, confidence});
}

TEST_CASE("what padding hides may be told by whether the server asked", "[tls]") {
    using enum ClientCert;
    const auto [lengths, asked, expected, confidence] =
        GENERATE(table<Lengths, Asked, ClientCert, Confidence>({
            {{528, 528, 528}, Asked::no, not_requested, Confidence::medium},
            {{80, 80, 35}, Asked::yes, declined, Confidence::medium},
            {{144, 144, 144}, Asked::yes, declined, Confidence::medium},
            {{1040, 144, 80, 80}, Asked::yes, presented, Confidence::medium},
            {{528, 80, 80}, Asked::no, not_requested, Confidence::medium},
            {{4112, 4112, 4112}, Asked::yes, unknown, Confidence::none},
            // An alert of a client that gives up, padded.
            {{528}, Asked::no, unknown, Confidence::none},
            {{80}, Asked::yes, unknown, Confidence::none},
            // Without padding the lengths decide, and must not contradict.
            {{53, 35}, Asked::yes, unknown, Confidence::none},
            {{656, 35}, Asked::no, unknown, Confidence::none},
            {{120, 35}, Asked::no, unknown, Confidence::none},
        }));
    CAPTURE(lengths);
    ClientFlight flight{0x1301, false, lengths, asked};
    CHECK(judge_sizes(flight) == SizeVerdict{expected, confidence});
    flight.record_limit = true;  // fragments of a certificate may be as short
    if (expected == declined) CHECK(judge_sizes(flight).client_cert == unknown);
}

TEST_CASE("without the cipher every hash must come to the same", "[tls]") {
    using enum ClientCert;
    const auto verdict = [](const Lengths& lengths) { return judge_sizes({0, false, lengths}); };
    CHECK(verdict({53, 35}) == SizeVerdict{not_requested, Confidence::medium});
    CHECK(verdict({69, 35, 19}) == SizeVerdict{not_requested, Confidence::medium});
    CHECK(verdict({25, 69}) == SizeVerdict{declined, Confidence::medium});
    CHECK(verdict({77, 35}) == SizeVerdict{declined, Confidence::medium});
    CHECK(verdict({541}) == SizeVerdict{presented, Confidence::medium});
    CHECK(verdict({120, 35}).client_cert == unknown);
    CHECK(verdict({}).client_cert == unknown);
}

TEST_CASE("a raw public key may be shorter than any certificate", "[tls]") {
    const Lengths lengths{74, 89, 53};
    CHECK(judge_sizes({0x1301, true, lengths}).client_cert == ClientCert::presented);
    CHECK(judge_sizes({0x1301, false, lengths}).client_cert == ClientCert::unknown);
}

TEST_CASE("the server's flight tells whether it asked, where it is one message a record", "[tls]") {
    using Flight = std::vector<std::uint16_t>;
    const auto asked = [](const Flight& flight) { return asked_by_server(0x1301, flight); };
    CHECK(asked({23, 583, 95, 53}) == Asked::no);
    CHECK(asked({23, 119, 583, 95, 53}) == Asked::yes);
    CHECK(asked({39, 599, 111, 69}) == Asked::no);  // sixteen more each
    CHECK(asked({813}) == Asked::unknown);
    CHECK(asked({}) == Asked::unknown);
    CHECK(asked({23, 40, 95, 53}) == Asked::unknown);
    CHECK(asked({70, 583, 95, 53}) == Asked::unknown);  // a request may be in the first record
}

TEST_CASE("early data ends with a message of its own", "[tls]") {
    using Flight = std::vector<std::uint16_t>;
    CHECK(is_early_data_accepted(0x1301, Flight{200, 21, 53}));
    CHECK_FALSE(is_early_data_accepted(0x1301, Flight{200, 53}));
    CHECK_FALSE(is_early_data_accepted(0x1302, Flight{21, 53}));
}

TEST_CASE("a certificate after the handshake has a signature and a Finished behind it", "[tls]") {
    CHECK(is_later_certificate(0x1302, {1032, 96, 69}));
    CHECK(is_later_certificate(0x1301, {600, 281, 53}));
    CHECK_FALSE(is_later_certificate(0x1301, {600, 200, 53}));
    CHECK_FALSE(is_later_certificate(0x1301, {100, 96, 53}));
    CHECK_FALSE(is_later_certificate(0x1301, {600, 96, 54}));
}
