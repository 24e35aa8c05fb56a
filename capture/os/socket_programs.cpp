// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#include "capture/os/socket_programs.h"

#include <utility>

#include <netinet/in.h>

namespace nspect::capture {
namespace {

// Registers: r0 is what a function returns, r1 to r5 are what it gets, r6 to r9 outlive it.
constexpr std::uint8_t frame = BPF_REG_10;

// Places in the frame.
constexpr std::int16_t record = -static_cast<std::int16_t>(sizeof(SocketRecord));
constexpr std::int16_t in_record(std::size_t field) {
    return static_cast<std::int16_t>(record + static_cast<std::int16_t>(field));
}
constexpr std::int16_t cookie = record - 8;
constexpr std::int16_t name = cookie - 8;  ///< local address, then port
constexpr std::int32_t common_bytes =
    offsetof(SocketRecord, protocol) - offsetof(SocketRecord, remote);

/// Instructions in order. Jumps go forward to marks, which are set by and by.
class Program {
public:
    using Mark = std::size_t;

    void copy(std::uint8_t to, std::uint8_t from) {
        add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
    }
    void set(std::uint8_t to, std::int32_t number) {
        add(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number);
    }
    /// A pointer into the frame.
    void point(std::uint8_t to, std::int16_t place) {
        copy(to, frame);
        add(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, place);
    }
    void map(std::uint8_t to, int descriptor) {
        add(BPF_LD | BPF_IMM | BPF_DW, to, BPF_PSEUDO_MAP_FD, 0, descriptor);
        add(0, 0, 0, 0, 0);
    }
    void load(std::uint8_t size, std::uint8_t to, std::uint8_t from, std::int16_t offset) {
        add(BPF_LDX | BPF_MEM | size, to, from, offset, 0);
    }
    void store(std::uint8_t size, std::int16_t place, std::uint8_t from) {
        add(BPF_STX | BPF_MEM | size, frame, from, place, 0);
    }
    void store_zero(std::int16_t place) { add(BPF_ST | BPF_MEM | BPF_DW, frame, 0, place, 0); }
    void add_one(std::uint8_t pointer) {
        set(BPF_REG_1, 1);
        add(BPF_STX | BPF_XADD | BPF_DW, pointer, BPF_REG_1, 0, 0);
    }
    void call(std::int32_t function) { add(BPF_JMP | BPF_CALL, 0, 0, 0, function); }
    void call_and_store(std::int32_t function, std::int16_t place) {
        call(function);
        store(BPF_DW, place, BPF_REG_0);
    }
    /// To `mark` if `what` is so (BPF_JEQ, BPF_JNE, BPF_JLT...) to a number.
    void jump_if(std::uint8_t comparison, std::uint8_t what, std::int32_t number, Mark mark) {
        jumps_.push_back({code_.size(), mark});
        add(BPF_JMP | comparison | BPF_K, what, 0, 0, number);
    }
    Mark mark() {
        marks_.push_back(0);
        return marks_.size() - 1;
    }
    void here(Mark mark) { marks_[mark] = code_.size(); }
    /// Whatever is asked of it: go on.
    std::vector<bpf_insn> end() {
        set(BPF_REG_0, 1);
        add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        for (const auto& [at, mark] : jumps_)
            code_[at].off = static_cast<std::int16_t>(marks_[mark] - at - 1);
        return code_;
    }

private:
    void add(int code, std::uint8_t to, std::uint8_t from, std::int16_t offset,
             std::int32_t number) {
        bpf_insn made{};
        made.code = static_cast<std::uint8_t>(code);
        made.dst_reg = to & 0xFU;
        made.src_reg = from & 0xFU;
        made.off = offset;
        made.imm = number;
        code_.push_back(made);
    }

    std::vector<bpf_insn> code_;
    std::vector<Mark> marks_;
    std::vector<std::pair<std::size_t, Mark>> jumps_;
};

/// Keeps the context in r6; of TCP and UDP alone.
void begin_record(Program& program, Program::Mark end) {
    const auto known = program.mark();
    program.copy(BPF_REG_6, BPF_REG_1);
    program.load(BPF_W, BPF_REG_7, BPF_REG_6, offsetof(bpf_sock, protocol));
    program.jump_if(BPF_JEQ, BPF_REG_7, IPPROTO_TCP, known);
    program.jump_if(BPF_JNE, BPF_REG_7, IPPROTO_UDP, end);
    program.here(known);
    for (std::int16_t place = record; place < 0; place += 8) program.store_zero(place);
    program.store(BPF_W, in_record(offsetof(SocketRecord, protocol)), BPF_REG_7);
}

/// The kernel takes the port away from a socket whose connection was refused or reset.
void take_remembered_name(Program& program, const ProgramMaps& maps, Program::Mark end) {
    const auto known = program.mark();
    program.load(BPF_H, BPF_REG_7, frame, in_record(offsetof(SocketRecord, port)));
    program.jump_if(BPF_JNE, BPF_REG_7, 0, known);
    program.copy(BPF_REG_1, BPF_REG_6);
    program.call_and_store(BPF_FUNC_get_socket_cookie, cookie);
    program.map(BPF_REG_1, maps.connecting);
    program.point(BPF_REG_2, cookie);
    program.call(BPF_FUNC_map_lookup_elem);
    program.jump_if(BPF_JEQ, BPF_REG_0, 0, end);
    program.load(BPF_W, BPF_REG_7, BPF_REG_0, 0);
    program.store(BPF_W, in_record(offsetof(SocketRecord, local)), BPF_REG_7);
    program.load(BPF_W, BPF_REG_7, BPF_REG_0, 4);
    program.store(BPF_H, in_record(offsetof(SocketRecord, port)), BPF_REG_7);
    program.here(known);
}

void count_lost(Program& program, const ProgramMaps& maps, Program::Mark end) {
    program.jump_if(BPF_JEQ, BPF_REG_0, 0, end);
    program.store_zero(name);
    program.map(BPF_REG_1, maps.lost);
    program.point(BPF_REG_2, name);
    program.call(BPF_FUNC_map_lookup_elem);
    program.jump_if(BPF_JEQ, BPF_REG_0, 0, end);
    program.add_one(BPF_REG_0);
}

/// The flags of a record in r4: whether to wake the reader.
void choose_to_wake(Program& program, const ProgramMaps& maps) {
    if (maps.wake_at == 0) return program.set(BPF_REG_4, 0);
    const auto chosen = program.mark();
    program.map(BPF_REG_1, maps.records);
    program.set(BPF_REG_2, BPF_RB_AVAIL_DATA);
    program.call(BPF_FUNC_ringbuf_query);
    program.set(BPF_REG_4, BPF_RB_NO_WAKEUP);
    program.jump_if(BPF_JLT, BPF_REG_0, static_cast<std::int32_t>(maps.wake_at), chosen);
    program.set(BPF_REG_4, BPF_RB_FORCE_WAKEUP);
    program.here(chosen);
}

void end_record(Program& program, const ProgramMaps& maps, Program::Mark end) {
    program.call_and_store(BPF_FUNC_ktime_get_ns, record);
    program.call_and_store(BPF_FUNC_get_current_cgroup_id,
                           in_record(offsetof(SocketRecord, group)));
    program.call_and_store(BPF_FUNC_get_current_pid_tgid,
                           in_record(offsetof(SocketRecord, thread)));
    choose_to_wake(program, maps);
    program.map(BPF_REG_1, maps.records);
    program.point(BPF_REG_2, record);
    program.set(BPF_REG_3, sizeof(SocketRecord));
    program.call(BPF_FUNC_ringbuf_output);
    count_lost(program, maps, end);
}

}  // namespace

std::vector<bpf_insn> connecting_program(const ProgramMaps& maps) {
    Program program;
    const auto end = program.mark();
    program.copy(BPF_REG_6, BPF_REG_1);
    program.load(BPF_W, BPF_REG_7, BPF_REG_6, offsetof(bpf_sock_ops, op));
    program.jump_if(BPF_JNE, BPF_REG_7, BPF_SOCK_OPS_TCP_CONNECT_CB, end);
    program.load(BPF_W, BPF_REG_7, BPF_REG_6, offsetof(bpf_sock_ops, local_ip4));
    program.store(BPF_W, name, BPF_REG_7);
    program.load(BPF_W, BPF_REG_7, BPF_REG_6, offsetof(bpf_sock_ops, local_port));
    program.store(BPF_W, name + 4, BPF_REG_7);
    program.copy(BPF_REG_1, BPF_REG_6);
    program.call_and_store(BPF_FUNC_get_socket_cookie, cookie);
    program.map(BPF_REG_1, maps.connecting);
    program.point(BPF_REG_2, cookie);
    program.point(BPF_REG_3, name);
    program.set(BPF_REG_4, BPF_ANY);
    program.call(BPF_FUNC_map_update_elem);
    program.here(end);
    return program.end();
}

std::vector<bpf_insn> closing_program(const ProgramMaps& maps) {
    Program program;
    const auto end = program.mark();
    begin_record(program, end);
    program.point(BPF_REG_1, in_record(offsetof(SocketRecord, remote)));
    program.set(BPF_REG_2, common_bytes);
    program.copy(BPF_REG_3, BPF_REG_6);
    program.call(BPF_FUNC_probe_read_kernel);
    take_remembered_name(program, maps, end);
    end_record(program, maps, end);
    program.here(end);
    return program.end();
}

std::vector<bpf_insn> opening_program(const ProgramMaps& maps) {
    Program program;
    const auto end = program.mark();
    begin_record(program, end);
    end_record(program, maps, end);
    program.here(end);
    return program.end();
}

}  // namespace nspect::capture
