// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using Role = VantagePoint::Role;

namespace {

RecordingBuilder shop() {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2").container("job", "10.0.0.3");
    r.host("10.0.0.254");
    return r;
}

Service service(const char* address, std::uint16_t port, std::uint16_t target) {
    Service made;
    made.namespace_name = "default";
    made.name = "db";
    made.has_selector = true;
    made.selector = Selector::matching({{"nspect.io/name", "db"}});
    made.addresses = {IpAddress::parse(address).value()};
    made.ports = {{"", Port{port}, Protocol::tcp, "", Port{target}, std::nullopt},
                  {"", Port{port}, Protocol::udp, "", Port{target}, std::nullopt}};
    return made;
}

struct Stitched {
    Inventory inventory;
    std::vector<Conversation> all;

    explicit Stitched(RecordingBuilder& r, std::vector<Service> services = {}) {
        for (auto& s : services) inventory.add_service(std::move(s));
        inventory = with_recording(std::move(inventory), r.recording());
        all = stitch(r.recording(), inventory);
    }
    std::string who(const Party& party) const {
        if (party.endpoint) return inventory.endpoints()[*party.endpoint].name;
        return party.node ? "node" : "outside";
    }
    std::string words(const Conversation& c) const {
        return who(c.client) + " -> " + who(c.server) + " " + to_string(c.server.socket) + " " +
               std::string(to_string(c.outcome));
    }
};

std::vector<Role> roles(const Conversation& c) {
    std::vector<Role> all;
    for (const auto& vantage : c.vantages) all.push_back(vantage.role);
    return all;
}

}  // namespace

TEST_CASE("a flow seen at both veth ends and the bridge is one conversation") {
    auto r = shop();
    r.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).bridge().veth("db").veth("web");
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.words(s.all[0]) == "web -> db 10.0.0.2:5432 established");
    CHECK(roles(s.all[0]) == std::vector{Role::client, Role::between, Role::server});
    CHECK(s.all[0].sent == Counters{4, 400});
    CHECK_FALSE(s.all[0].lost_between);
}

TEST_CASE("inside and outside of a tunnel is one conversation, also at one interface") {
    const TunnelSeen vxlan{.kind = TunnelKind::vxlan, .id = 42};
    auto r = shop();
    SECTION("TCP") {
        auto flow = r.tcp("10.0.0.1:40000", "10.9.0.2:5432");
        flow.isn(1, 2).veth("web").bridge().tunnel(vxlan).bridge();
    }
    SECTION("UDP") {
        auto flow = r.udp("10.0.0.1:40000", "10.9.0.2:5432");
        flow.payload(77).veth("web").bridge().tunnel(vxlan).bridge();
    }
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.all[0].sent == Counters{4, 400});
    REQUIRE(s.all[0].vantages.size() == 3);
    CHECK_FALSE(s.all[0].vantages[1].tunnel);
    REQUIRE(s.all[0].vantages[2].tunnel);
    CHECK(s.all[0].vantages[2].tunnel->id == 42);
    CHECK(s.all[0].vantages[2].sent == Counters{4, 400});
}

TEST_CASE("inside and outside of a veth stand in the order packets pass them") {
    auto r = shop();
    r.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2);
    auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:5432");
    flow.isn(1, 2).inside("db").veth("db").veth("web").inside("web");
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    std::vector<std::uint32_t> order;
    for (const auto& v : s.all[0].vantages) order.push_back(v.vantage);
    CHECK(order ==
          std::vector{r.inside_of("web"), r.veth_of("web"), r.veth_of("db"), r.inside_of("db")});
}

TEST_CASE("a Service shows the pod behind it and keeps what was dialled") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "10.96.0.10:80");
    SECTION("answered") {
        flow.isn(7, 8);
    }
    SECTION("nobody answered, so only the client's number is known") {
        flow.isn(7, std::nullopt).outcome(Outcome::unanswered);
    }
    flow.veth("web").as("10.0.0.1:40000", "10.0.0.2:8080").veth("db");
    const Stitched s(r, {service("10.96.0.10", 80, 8080)});
    REQUIRE(s.all.size() == 1);
    CHECK(s.who(s.all[0].server) == "db");
    CHECK(to_string(s.all[0].server.socket) == "10.0.0.2:8080");
    CHECK(to_string(s.all[0].dialled.value()) == "10.96.0.10:80");
    CHECK_FALSE(s.all[0].translated);
    CHECK(s.all[0].service == 0U);
}

TEST_CASE("masquerade does not hide the client") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "10.96.0.10:80");
    flow.isn(7, 8).veth("web").bridge().as("10.0.0.254:61000", "10.0.0.2:8080").bridge().veth("db");
    const Stitched s(r, {service("10.96.0.10", 80, 8080)});
    REQUIRE(s.all.size() == 1);
    CHECK(s.words(s.all[0]) == "web -> db 10.0.0.2:8080 established");
    CHECK(to_string(s.all[0].client.socket) == "10.0.0.1:40000");
    CHECK(to_string(s.all[0].translated.value()) == "10.0.0.254:61000");
    CHECK(s.all[0].vantages.size() == 3);
    CHECK(s.all[0].vantages[1].sent == Counters{4, 400});
}

TEST_CASE("masqueraded without answer: joined by a node's address, the port and the moment") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "203.0.113.5:443");
    flow.isn(7, std::nullopt).outcome(Outcome::unanswered).veth("web");
    SECTION("the node's address") {
        flow.as("10.0.0.254:40000", "203.0.113.5:443").bridge();
        CHECK(Stitched(r).all.size() == 1);
    }
    SECTION("somebody else's address") {
        flow.as("10.0.0.3:40000", "203.0.113.5:443").veth("job");
        CHECK(Stitched(r).all.size() == 2);
    }
    SECTION("a second later") {
        flow.at(2s).as("10.0.0.254:40000", "203.0.113.5:443").bridge();
        CHECK(Stitched(r).all.size() == 2);
    }
}

TEST_CASE("a port used again is a new conversation") {
    auto r = shop();
    r.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(1, 2).at(1s).veth("web").veth("db");
    r.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(3, 4).at(2s).veth("web").veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 2);
    CHECK(s.all[0].vantages.size() == 2);
    CHECK(s.all[1].vantages.size() == 2);
}

TEST_CASE("an end is who its veth belongs to, and a remote one who had the address then") {
    RecordingBuilder r;
    r.container("db", "10.0.0.2");
    r.container("early", "10.0.0.9", {}, test::at(0s), test::at(10s));
    r.container("late", "10.0.0.9", {}, test::at(11s), forever);
    r.tcp("10.0.0.9:40000", "10.0.0.2:80").isn(1, 2).at(5s).veth("early").veth("db");
    r.tcp("10.0.0.9:40000", "10.0.0.2:80").isn(3, 4).at(15s).veth("late").veth("db");
    r.tcp("10.0.0.9:40001", "10.0.0.2:80").isn(5, 6).at(6s).veth("db");
    r.tcp("10.0.0.9:40001", "10.0.0.2:80").isn(7, 8).at(16s).veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 4);
    CHECK(s.who(s.all[0].client) == "early");
    CHECK(s.who(s.all[1].client) == "early");
    CHECK(s.who(s.all[2].client) == "late");
    CHECK(s.who(s.all[3].client) == "late");
}

TEST_CASE("two containers with the same address on separate networks stay two") {
    RecordingBuilder r;
    r.container("a", "10.0.0.9").container("b", "10.0.0.9");
    r.tcp("10.0.0.9:40000", "10.0.0.2:80").isn(1, 2).veth("a");
    r.tcp("10.0.0.9:40000", "10.0.0.2:80").isn(3, 4).veth("b");
    const Stitched s(r);
    REQUIRE(s.all.size() == 2);
    CHECK(s.who(s.all[0].client) != s.who(s.all[1].client));
}

TEST_CASE("a SYN that leaves the client and never reaches a watched server was lost between") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:5432");
    flow.isn(1, std::nullopt).outcome(Outcome::unanswered).veth("web").bridge();
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.all[0].lost_between == std::pair{r.bridge_vantage(), r.veth_of("db")});
}

TEST_CASE("nothing is said to be lost where nobody watched") {
    auto r = shop();
    r.tcp("10.0.0.1:40000", "10.0.9.9:5432")
        .isn(1, std::nullopt)
        .outcome(Outcome::unanswered)
        .veth("web");
    CHECK_FALSE(Stitched(r).all.at(0).lost_between);
}

TEST_CASE("an answer that leaves the server and never comes back was lost on the way") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:5432");
    flow.isn(1, std::nullopt).outcome(Outcome::unanswered).veth("web");
    flow.isn(1, 2).answered({2, 40}).veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.all[0].outcome == Outcome::unanswered);
    CHECK(s.all[0].lost_between == std::pair{r.veth_of("db"), r.veth_of("web")});
}

TEST_CASE("a refusal seen at the server is the server's own") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.3:40000", "10.0.0.2:9999").isn(1, std::nullopt);
    flow.outcome(Outcome::refused).veth("job").veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.all[0].outcome == Outcome::refused);
    CHECK_FALSE(s.all[0].lost_between);
}

TEST_CASE("a vantage that began too late joins the only conversation it overlaps") {
    auto r = shop();
    r.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(1, 2).at(1s, 10s).veth("web");
    auto late = r.tcp("10.0.0.2:80", "10.0.0.1:40000").at(5s, 2s).outcome(Outcome::mid_stream);
    late.direction(DirectionEvidence::port_numbers).veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 1);
    CHECK(s.words(s.all[0]) == "web -> db 10.0.0.2:80 established");
}

TEST_CASE("weak evidence of direction stays weak, and the strongest of several counts") {
    auto r = shop();
    auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:80").outcome(Outcome::mid_stream);
    flow.direction(DirectionEvidence::port_numbers).veth("web");
    CHECK(Stitched(r).all.at(0).direction == DirectionEvidence::port_numbers);
    flow.direction(DirectionEvidence::first_packet).veth("db");
    CHECK(Stitched(r).all.at(0).direction == DirectionEvidence::first_packet);
}

TEST_CASE("who listens tells the direction of what was open before, better than ports do") {
    RecordingBuilder r;
    const auto wire = r.file_vantage("if0", "wire.pcap");
    const auto begun = [&](const char* from, const char* to, DirectionEvidence evidence) {
        auto flow = r.tcp(from, to);
        flow.direction(evidence).outcome(Outcome::mid_stream).at(1s).seen(wire);
    };
    SECTION("somebody was seen to connect there") {
        r.tcp("10.0.0.3:50000", "10.0.0.1:40000").isn(1, 2).at(2s).seen(wire);
        begun("10.0.0.1:40000", "10.0.0.2:7000", DirectionEvidence::port_numbers);
        const auto c = Stitched(r).all.at(0);
        CHECK(to_string(c.server.socket) == "10.0.0.1:40000");
        CHECK(c.direction == DirectionEvidence::listener);
        CHECK(c.outcome == Outcome::mid_stream);
    }
    SECTION("a connection that was refused names no listener") {
        auto refused = r.tcp("10.0.0.3:50000", "10.0.0.1:40000");
        refused.isn(1, {}).outcome(Outcome::refused).at(2s).seen(wire);
        begun("10.0.0.1:40000", "10.0.0.2:7000", DirectionEvidence::port_numbers);
        CHECK(to_string(Stitched(r).all.at(0).server.socket) == "10.0.0.2:7000");
    }
    SECTION("many peers of one port") {
        for (const char* peer : {"10.0.0.2:7000", "10.0.0.3:7001", "10.0.0.4:7002"}) {
            begun("10.0.0.1:9000", peer, DirectionEvidence::first_packet);
        }
        for (const auto& c : Stitched(r).all) CHECK(c.server.socket.port.number == 9000);
    }
    SECTION("a hello of TLS has told it already") {
        r.tcp("10.0.0.3:50000", "10.0.0.1:40000").isn(1, 2).at(2s).seen(wire);
        TlsSeen tls;
        tls.sni = "db";
        auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:7000");
        flow.direction(DirectionEvidence::first_packet).outcome(Outcome::mid_stream).tls(tls);
        flow.seen(wire);
        CHECK(to_string(Stitched(r).all.at(0).server.socket) == "10.0.0.2:7000");
    }
    SECTION("its tunnel turns with it") {
        r.tcp("10.0.0.3:50000", "10.0.0.1:40000").isn(1, 2).at(2s).seen(wire);
        auto flow = r.tcp("10.0.0.1:40000", "10.0.0.2:7000");
        flow.direction(DirectionEvidence::port_numbers).outcome(Outcome::mid_stream).at(1s);
        flow.tunnel(TunnelSeen{.kind = TunnelKind::vxlan,
                               .id = 1,
                               .client = IpAddress::v4(0x01010101),
                               .server = IpAddress::v4(0x02020202)});
        flow.seen(wire);
        const auto c = Stitched(r).all.at(0);
        CHECK(to_string(c.server.socket) == "10.0.0.1:40000");
        CHECK(to_string(c.vantages.at(0).tunnel->server) == "1.1.1.1");
    }
    SECTION("two servers of one ephemeral port are no such thing") {
        begun("10.0.0.1:40000", "10.0.0.2:80", DirectionEvidence::port_numbers);
        begun("10.0.0.1:40000", "10.0.0.3:80", DirectionEvidence::port_numbers);
        for (const auto& c : Stitched(r).all) CHECK(c.server.socket.port.number == 80);
    }
}

TEST_CASE("datagrams of a server that speaks first are an answer where its clients are known") {
    RecordingBuilder r;
    const auto wire = r.file_vantage("if0", "wire.pcap");
    auto push = r.udp("10.0.0.9:4000", "10.0.0.1:50000");
    push.direction(DirectionEvidence::first_packet).outcome(Outcome::one_way);
    const auto ask = [&](const char* client, Duration at) {
        auto flow = r.udp(client, "10.0.0.9:4000");
        flow.direction(DirectionEvidence::first_packet).at(at).seen(wire);
    };
    const auto pushed = [&] {
        const auto all = Stitched(r).all;
        const auto at = std::find_if(all.begin(), all.end(),
                                     [](const auto& c) { return c.first == test::at(500s); });
        REQUIRE(at != all.end());
        return *at;
    };
    SECTION("the same two sockets before") {
        ask("10.0.0.1:50000", 1s);
        push.at(500s).seen(wire);
        CHECK(to_string(pushed().server.socket) == "10.0.0.9:4000");
        CHECK(pushed().outcome == Outcome::mid_stream);
        CHECK(pushed().direction == DirectionEvidence::listener);
        CHECK(pushed().sent.packets == 0);
    }
    SECTION("others who began with it") {
        ask("10.0.0.2:50000", 1s);
        ask("10.0.0.3:50001", 2s);
        push.at(500s).seen(wire);
        CHECK(to_string(pushed().server.socket) == "10.0.0.9:4000");
    }
    SECTION("one other is not enough") {
        ask("10.0.0.2:50000", 1s);
        push.at(500s).seen(wire);
        CHECK(to_string(pushed().client.socket) == "10.0.0.9:4000");
        CHECK(pushed().outcome == Outcome::one_way);
    }
}

TEST_CASE("datagrams join by addresses, payload and time") {
    auto r = shop();
    r.udp("10.0.0.1:5353", "10.0.0.2:53").payload(11).at(1s, 1ms).veth("web").veth("db");
    r.udp("10.0.0.1:5353", "10.0.0.2:53").payload(12).at(60s, 1ms).veth("web").veth("db");
    const Stitched s(r);
    REQUIRE(s.all.size() == 2);
    CHECK(s.all[0].vantages.size() == 2);
}

TEST_CASE("a query through a Service joins the pod that got it") {
    auto r = shop();
    auto flow = r.udp("10.0.0.1:5353", "10.96.0.10:53").payload(11).at(1s, 1ms);
    flow.veth("web").as("10.0.0.1:5353", "10.0.0.2:53").veth("db");
    const Stitched s(r, {service("10.96.0.10", 53, 53)});
    REQUIRE(s.all.size() == 1);
    CHECK(s.words(s.all[0]) == "web -> db 10.0.0.2:53 established");
}

TEST_CASE("the same query to two resolvers at once stays two") {
    auto r = shop();
    r.udp("10.0.0.1:5353", "10.0.0.2:53").payload(11).at(1s, 1ms).veth("web").veth("db");
    r.udp("10.0.0.1:5353", "10.0.0.3:53").payload(11).at(1s, 1ms).veth("web").veth("job");
    CHECK(Stitched(r).all.size() == 2);
}

TEST_CASE("what is sent to a group and copied to everyone is one conversation, with nobody's end") {
    auto r = shop();
    auto flow = r.udp("10.0.0.1:5353", "224.0.0.251:5353").payload(11).at(1s, 1ms);
    flow.outcome(Outcome::one_way).veth("web").bridge().veth("db").veth("job");
    r.udp("10.0.0.2:5353", "10.0.0.1:5353").payload(12).at(1s, 1ms).veth("db").veth("web");
    const Stitched s(r);
    REQUIRE(s.all.size() == 2);
    CHECK(s.words(s.all[0]) == "web -> outside 224.0.0.251:5353 one-way");
    CHECK(s.all[0].vantages.size() == 4);
    CHECK(s.all[0].sent == Counters{4, 400});
    CHECK_FALSE(s.all[0].lost_between);
    CHECK(s.words(s.all[1]) == "db -> web 10.0.0.1:5353 established");
}

TEST_CASE("the server carries the name its client had asked for") {
    auto r = shop();
    r.name("10.0.0.1", "api.example.org", "203.0.113.5");
    r.name("10.0.0.3", "cdn.example.org", "203.0.113.5");
    r.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
    CHECK(Stitched(r).all.at(0).server.name == "api.example.org");
}

TEST_CASE("a sidecar's own loopback is within its container") {
    auto r = shop();
    r.tcp("127.0.0.1:40000", "127.0.0.1:15001").isn(1, 2).inside("web");
    CHECK(Stitched(r).words(Stitched(r).all.at(0)) == "web -> web 127.0.0.1:15001 established");
}

TEST_CASE("a file that goes on was listening: what it never saw at an interface was lost") {
    RecordingBuilder r;
    const auto web = r.file_vantage("if1", "any.pcap");
    const auto db = r.file_vantage("if2", "any.pcap");
    r.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(1, 2).at(1s).seen(web).seen(db);
    r.tcp("10.0.0.3:40001", "10.0.0.2:80").isn(3, 4).at(2s).seen(db);
    r.tcp("10.0.0.1:40003", "10.0.0.9:80").isn(5, 6).at(3s).seen(web);
    auto lost = r.tcp("10.0.0.1:40002", "10.0.0.2:5432");
    lost.isn(7, {}).outcome(Outcome::unanswered).at(6s).seen(web);
    SECTION("while it listened") {
        r.tcp("10.0.0.1:40004", "10.0.0.9:80").isn(8, 9).at(20s).seen(web);
        const Stitched s(r);
        const auto& dropped = s.all[3];
        CHECK(dropped.outcome == Outcome::unanswered);
        CHECK(dropped.lost_between == std::pair{web, db});
    }
    SECTION("another file, which had ended") {
        r.recording().vantages[db - 1].source = "db.pcap";
        CHECK_FALSE(Stitched(r).all[3].lost_between);
    }
}

TEST_CASE("loopback in a file of a container's two interfaces is within the container") {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2");
    r.recording().vantages.clear();
    const auto lo = r.file_vantage("if1", "pod.pcap");
    const auto eth = r.file_vantage("if2", "pod.pcap");
    r.tcp("127.0.0.1:40000", "127.0.0.1:15001").isn(1, 2).at(1s).seen(lo);
    r.tcp("10.0.0.1:40001", "10.0.0.2:80").isn(3, 4).at(2s).seen(eth);
    r.tcp("10.0.0.1:40001", "10.0.0.9:80").isn(5, 6).at(3s).seen(eth);
    SECTION("these two") {
        const Stitched s(r);
        CHECK(s.words(s.all.at(0)) == "web -> web 127.0.0.1:15001 established");
        CHECK(roles(s.all.at(0)) == std::vector{Role::client});
    }
    SECTION("a node has more") {
        const auto other = r.file_vantage("if3", "pod.pcap");
        r.tcp("10.0.0.2:40001", "10.0.0.9:80").isn(7, 8).at(3s).seen(other);
        const Stitched s(r);
        CHECK(s.words(s.all.at(0)) == "outside -> outside 127.0.0.1:15001 established");
    }
    SECTION("another file says nothing of it") {
        r.recording().vantages[eth - 1].source = "other.pcap";
        const Stitched s(r);
        CHECK(s.words(s.all.at(0)) == "outside -> outside 127.0.0.1:15001 established");
    }
}

TEST_CASE("whose interface it is, is known by one family of addresses for the other") {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2");
    r.recording().vantages.clear();
    for (const auto& [address, target] : {std::pair{"fd00::1", 1U}, std::pair{"fd00::2", 2U}}) {
        r.recording().addresses.push_back(
            {IpAddress::parse(address).value(), target, test::at(0s), forever});
    }
    const auto web = r.file_vantage("if1", "any.pcap");
    const auto db = r.file_vantage("if2", "any.pcap");
    r.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(1, 2).at(1s).seen(web).seen(db);
    r.tcp("10.0.0.1:40001", "10.0.0.9:80").isn(3, 4).at(2s).seen(web);
    r.tcp("10.0.0.3:40002", "10.0.0.2:80").isn(5, 6).at(3s).seen(db);
    r.tcp("[fd00::1]:40003", "[fd00::2]:80").isn(7, 8).at(4s).seen(web).seen(db);
    const Stitched s(r);
    CHECK(roles(s.all[3]) == std::vector{Role::client, Role::server});
}

TEST_CASE("conversations come by time and then by sockets, one by one as all at once") {
    auto r = shop();
    r.tcp("10.0.0.1:40003", "10.0.0.2:5432").isn(3, 30).at(2s).veth("web");
    r.tcp("10.0.0.1:40002", "10.0.0.2:5432").isn(2, 20).at(1s).veth("web");
    r.tcp("10.0.0.1:40001", "10.0.0.2:5432").isn(1, 10).at(1s).veth("web");
    // Seen first at the other end: its first packet is the earliest of all.
    r.tcp("10.0.0.3:40004", "10.0.0.2:5432").isn(4, 40).at(3s).veth("job").at(500ms).veth("db");
    const Inventory inventory = with_recording({}, r.recording());
    std::vector<std::uint16_t> ports;
    for (const auto& each : stitch(r.recording(), inventory))
        ports.push_back(each.client.socket.port.number);
    CHECK(ports == std::vector<std::uint16_t>{40004, 40001, 40002, 40003});
    std::vector<std::uint16_t> one_by_one;
    stitch_each(r.recording(), inventory, [&](const Conversation& each) {
        one_by_one.push_back(each.client.socket.port.number);
        return one_by_one.size() < 3;
    });
    CHECK(one_by_one == std::vector<std::uint16_t>{40004, 40001, 40002});
}
