// SPDX-License-Identifier: Apache-2.0
#include "capture/os/bpf.h"

#include <atomic>
#include <bit>
#include <cerrno>
#include <utility>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

/// Straight to the kernel: programs of some twenty instructions need no loader.
int bpf(int command, bpf_attr& attributes) {
    return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

Result<Fd> descriptor(int command, bpf_attr& attributes, const char* what) {
    const int made = bpf(command, attributes);
    if (made < 0) return error_from_errno(errno, what, "bpf(2)");
    return Fd(made);
}

std::uint64_t address(const void* pointer) {
    return std::bit_cast<std::uintptr_t>(pointer);
}

std::size_t page() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::atomic_ref<std::uint64_t> position(std::byte* place) {
    return std::atomic_ref<std::uint64_t>(*std::launder(reinterpret_cast<std::uint64_t*>(place)));
}

}  // namespace

Result<Fd> make_bpf_map(bpf_map_type type, std::uint32_t key, std::uint32_t value,
                        std::uint32_t entries) {
    bpf_attr attributes{};
    attributes.map_type = type;
    attributes.key_size = key;
    attributes.value_size = value;
    attributes.max_entries = entries;
    return descriptor(BPF_MAP_CREATE, attributes, "cannot make a map");
}

Result<Fd> load_bpf_program(bpf_prog_type type, bpf_attach_type place,
                            std::span<const bpf_insn> instructions, const char* license) {
    bpf_attr attributes{};
    attributes.prog_type = type;
    attributes.expected_attach_type = place;
    attributes.insns = address(instructions.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(instructions.size());
    attributes.license = address(license);
    return descriptor(BPF_PROG_LOAD, attributes, "cannot load a program");
}

Result<Fd> attach_to_group(const Fd& program, const Fd& group, bpf_attach_type place) {
    bpf_attr attributes{};
    attributes.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
    attributes.link_create.target_fd = static_cast<std::uint32_t>(group.get());
    attributes.link_create.attach_type = place;
    return descriptor(BPF_LINK_CREATE, attributes, "cannot attach a program");
}

Result<BpfRing> BpfRing::open(const Fd& map, std::size_t bytes) {
    const auto offset = static_cast<off_t>(page());
    void* consumer = ::mmap(nullptr, page(), PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
    if (consumer == MAP_FAILED) return error_from_errno(errno, "cannot map a ring");
    void* producer = ::mmap(nullptr, page() + 2 * bytes, PROT_READ, MAP_SHARED, map.get(), offset);
    if (producer == MAP_FAILED) {
        const int problem = errno;
        ::munmap(consumer, page());
        return error_from_errno(problem, "cannot map a ring");
    }
    return BpfRing(static_cast<std::byte*>(consumer), static_cast<std::byte*>(producer), bytes);
}

BpfRing::BpfRing(BpfRing&& other) noexcept
    : consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      bytes_(other.bytes_) {}

BpfRing::~BpfRing() {
    if (consumer_ == nullptr) return;
    ::munmap(consumer_, page());
    ::munmap(producer_, page() + 2 * bytes_);
}

/// Each record has a header of eight bytes, of which the first four are its length and two marks.
void BpfRing::read(const std::function<void(std::span<const std::byte>)>& take) {
    constexpr std::size_t header = BPF_RINGBUF_HDR_SZ;
    std::uint64_t at = position(consumer_).load(std::memory_order_relaxed);
    while (at < position(producer_).load(std::memory_order_acquire)) {
        std::byte* record = producer_ + page() + (at & (bytes_ - 1));
        const auto marked =
            std::atomic_ref<std::uint32_t>(*std::launder(reinterpret_cast<std::uint32_t*>(record)))
                .load(std::memory_order_acquire);
        if ((marked & BPF_RINGBUF_BUSY_BIT) != 0) break;
        const std::size_t length = marked & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        if ((marked & BPF_RINGBUF_DISCARD_BIT) == 0) take({record + header, length});
        at += (header + length + 7) & ~std::size_t{7};
        position(consumer_).store(at, std::memory_order_release);
    }
}

std::uint64_t read_bpf_number(const Fd& map) {
    const std::uint32_t key = 0;
    std::uint64_t value = 0;
    bpf_attr attributes{};
    attributes.map_fd = static_cast<std::uint32_t>(map.get());
    attributes.key = address(&key);
    attributes.value = address(&value);
    return bpf(BPF_MAP_LOOKUP_ELEM, attributes) == 0 ? value : 0;
}

}  // namespace nspect::capture
