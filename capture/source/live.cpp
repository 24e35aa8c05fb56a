// SPDX-License-Identifier: Apache-2.0
#include "capture/source/live.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include <pcap/pcap.h>

#include "capture/source/copy_length.h"

namespace nspect::capture {
namespace {

struct ClosePcap {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

Error open_error(pcap_t* pcap, int status, const std::string& device) {
    std::string message = pcap_geterr(pcap);
    if (message.empty()) message = pcap_statustostr(status);
    Error error{.kind = Error::Kind::io,
                .message = "cannot capture: " + message,
                .hint = {},
                .where = device};
    switch (status) {
        case PCAP_ERROR_PERM_DENIED:
        case PCAP_ERROR_PROMISC_PERM_DENIED:
            error.kind = Error::Kind::permission;
            error.hint = "run as root, or give the program the capability CAP_NET_RAW";
            break;
        case PCAP_ERROR_NO_SUCH_DEVICE:
            error.kind = Error::Kind::not_found;
            error.hint = "`nspect targets` lists the interfaces";
            break;
        case PCAP_ERROR_IFACE_NOT_UP:
            error.kind = Error::Kind::unavailable;
            break;
        default:
            break;
    }
    return error;
}

LinkType link_of(int datalink) {
    switch (datalink) {
        case DLT_EN10MB:
            return LinkType::ethernet;
        case DLT_LINUX_SLL:
            return LinkType::linux_sll;
        case DLT_LINUX_SLL2:
            return LinkType::linux_sll2;
        case DLT_RAW:
        case DLT_IPV4:
        case DLT_IPV6:
            return LinkType::raw_ip;
        case DLT_NULL:
        case DLT_LOOP:
            return LinkType::bsd_null;
        case DLT_NFLOG:
            return LinkType::nflog;
        default:
            return LinkType::other;
    }
}

// Never immediate mode: libpcap then takes one wake-up per packet instead of one per block.
void configure(pcap_t* pcap, const LiveOptions& options) {
    const auto as_int = [](std::size_t value) {
        const std::size_t limit = std::numeric_limits<int>::max();
        return static_cast<int>(std::min(value, limit));
    };
    pcap_set_snaplen(pcap, as_int(options.snaplen));
    pcap_set_buffer_size(pcap, as_int(options.ring_bytes));
    pcap_set_timeout(pcap, options.timeout_ms);
    pcap_set_promisc(pcap, options.promiscuous && options.device != "any" ? 1 : 0);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);  // else they stay micro
}

Result<BpfProgram> compile(pcap_t* pcap, const LiveOptions& options) {
    if (options.filter.empty()) return BpfProgram{};
    bpf_program compiled{};
    if (pcap_compile(pcap, &compiled, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return Error{.kind = Error::Kind::invalid,
                     .message = "the filter is wrong: " + std::string(pcap_geterr(pcap)),
                     .hint = "pcap-filter(7) explains filters",
                     .where = options.filter};
    }
    BpfProgram program;
    for (unsigned i = 0; i < compiled.bf_len; ++i) {
        const bpf_insn& one = compiled.bf_insns[i];
        program.push_back({one.code, one.jt, one.jf, one.k});
    }
    pcap_freecode(&compiled);
    return program;
}

Status install(pcap_t* pcap, const BpfProgram& program, const std::string& device) {
    std::vector<bpf_insn> instructions;
    for (const auto& one : program) {
        instructions.push_back({one.code, one.jump_true, one.jump_false, one.k});
    }
    bpf_program raw{static_cast<unsigned>(instructions.size()), instructions.data()};
    if (pcap_setfilter(pcap, &raw) == 0) return done;
    return Error{.kind = Error::Kind::io,
                 .message = "cannot set the filter: " + std::string(pcap_geterr(pcap)),
                 .hint = {},
                 .where = device};
}

// Right after activation; libpcap throws away what came before it.
Status set_filter(pcap_t* pcap, const LiveOptions& options, LinkType link) {
    auto program = compile(pcap, options);
    if (!program) return std::move(program).error();
    if (options.only_what_decoders_need) {
        program = filtered(std::move(*program), copy_length_program(link, options.snaplen));
    }
    if (program->empty()) return done;
    return install(pcap, *program, options.device);
}

}  // namespace

struct PcapLive::Handle {
    PcapHandle pcap;
    std::vector<SourceInterface> interfaces;
    std::string name;
    std::int64_t nanoseconds_per_unit = 1000;
    int timeout_ms = 0;
    std::uint64_t received = 0;
    SourceStats last;
    bool gone = false;
    const PacketCallback* on_packet = nullptr;

    static void deliver(u_char* self, const pcap_pkthdr* header, const u_char* data);
};

void PcapLive::Handle::deliver(u_char* self, const pcap_pkthdr* header, const u_char* data) {
    auto& handle = *static_cast<Handle*>(static_cast<void*>(self));
    const std::chrono::seconds seconds(header->ts.tv_sec);
    const std::chrono::nanoseconds fraction(header->ts.tv_usec * handle.nanoseconds_per_unit);
    ++handle.received;
    (*handle.on_packet)({.data = std::as_bytes(std::span(data, header->caplen)),
                         .wire_length = header->len,
                         .time = Timestamp(seconds + fraction),
                         .link = handle.interfaces.front().link});
}

Result<std::unique_ptr<PacketSource>> PcapLive::open(const LiveOptions& options) {
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    PcapHandle pcap(pcap_create(options.device.c_str(), message.data()));
    if (!pcap) return Error{Error::Kind::io, message.data(), {}, options.device};
    configure(pcap.get(), options);
    const int status = pcap_activate(pcap.get());
    if (status < 0) return open_error(pcap.get(), status, options.device);
    if (options.device == "any") {
        pcap_set_datalink(pcap.get(), DLT_LINUX_SLL2);  // where there is none, version 1 stays
    }
    const LinkType link = link_of(pcap_datalink(pcap.get()));
    if (auto set = set_filter(pcap.get(), options, link); !set) return std::move(set).error();
    if (pcap_setnonblock(pcap.get(), 1, message.data()) != 0) {
        return Error{Error::Kind::io, message.data(), {}, options.device};
    }
    auto handle = std::make_unique<Handle>();
    handle->interfaces.push_back({options.device, link});
    handle->name = options.place.empty() ? options.device : options.device + "@" + options.place;
    handle->timeout_ms = options.timeout_ms;
    if (pcap_get_tstamp_precision(pcap.get()) == PCAP_TSTAMP_PRECISION_NANO) {
        handle->nanoseconds_per_unit = 1;
    }
    handle->pcap = std::move(pcap);
    return std::unique_ptr<PacketSource>(new PcapLive(std::move(handle)));
}

PcapLive::PcapLive(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
PcapLive::~PcapLive() = default;

Result<std::size_t> PcapLive::read(std::size_t max, const PacketCallback& on_packet) {
    Handle& handle = *handle_;
    handle.on_packet = &on_packet;
    const std::uint64_t before = handle.received;
    const std::size_t limit = std::numeric_limits<int>::max();
    const int status =
        pcap_dispatch(handle.pcap.get(), static_cast<int>(std::min(max, limit)), Handle::deliver,
                      static_cast<u_char*>(static_cast<void*>(&handle)));
    handle.on_packet = nullptr;
    if (status >= 0) return static_cast<std::size_t>(handle.received - before);
    handle.gone = true;
    return Error{.kind = Error::Kind::unavailable,
                 .message = "capture ended: " + std::string(pcap_geterr(handle.pcap.get())),
                 .hint = {},
                 .where = handle.name};
}

int PcapLive::poll_fd() const {
    return pcap_get_selectable_fd(handle_->pcap.get());
}
bool PcapLive::finished() const {
    return handle_->gone;
}

// A block's timer looks once in a timeout, and may find a young block once before it closes it.
Duration PcapLive::drain_time() const {
    return std::chrono::milliseconds(2 * std::max(handle_->timeout_ms, 1));
}

SourceStats PcapLive::stats() {
    pcap_stat counted{};
    if (pcap_stats(handle_->pcap.get(), &counted) == 0) {
        handle_->last.dropped_kernel = counted.ps_drop;
        handle_->last.dropped_interface = counted.ps_ifdrop;
    }
    handle_->last.received = handle_->received;
    return handle_->last;
}

const std::vector<SourceInterface>& PcapLive::interfaces() const {
    return handle_->interfaces;
}
const std::string& PcapLive::name() const {
    return handle_->name;
}

}  // namespace nspect::capture
