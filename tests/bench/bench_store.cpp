// SPDX-License-Identifier: Apache-2.0
// bench_store [SIGHTINGS] [FILE]: how fast a recording is written and read, and how large it
// becomes. With 0 sightings FILE is only read.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>

#include "store/recording_file.h"

namespace {

using nspect::Sighting;
using Clock = std::chrono::steady_clock;

/// Wall and processor time: on a busy machine the second says more.
struct Spent {
    double seconds = 0;
    double cpu = 0;
};

class Stopwatch {
public:
    explicit Stopwatch(Spent& spent) : spent_(spent) {}
    ~Stopwatch() {
        spent_.seconds += std::chrono::duration<double>(Clock::now() - start_).count();
        spent_.cpu += static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC;
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    Spent& spent_;
    Clock::time_point start_ = Clock::now();
    std::clock_t cpu_ = std::clock();
};

void print(const char* what, std::uint64_t count, const Spent& spent) {
    const auto number = static_cast<double>(count);
    std::printf("%-8s %9.0f sightings/s, %9.0f per CPU second\n", what, number / spent.seconds,
                number / spent.cpu);
}

constexpr std::size_t batch_size = 10000;

/// Flows as a busy cluster has them: few services, many short connections, a tenth of them with
/// TLS.
Sighting sighting(std::uint64_t id) {
    constexpr std::int64_t start = 1767261600000000000;
    const auto scattered = static_cast<std::uint32_t>(id * 2654435761U);
    Sighting flow;
    flow.id = id;
    flow.vantage = scattered % 64;
    flow.client = {nspect::IpAddress::v4(0x0a010000U + scattered % 4000),
                   {static_cast<std::uint16_t>(32768 + scattered % 28000)}};
    flow.server = {nspect::IpAddress::v4(0x0a600000U + scattered % 200), {5432}};
    // Connections end, and are written, in another order than they begin.
    flow.first = nspect::Timestamp(
        nspect::Duration(start + static_cast<std::int64_t>(id) * 100000 + scattered % 2000000000));
    flow.last = flow.first + nspect::Duration(scattered % 5000000);
    flow.sent = {12, 2312};
    flow.received = {10, 9821};
    flow.outcome = nspect::Outcome::established;
    flow.client_isn = scattered;
    flow.server_isn = ~scattered;
    flow.fingerprint = id * 0x9e3779b97f4a7c15U;
    flow.handshake_time = nspect::Duration(120000);
    flow.finished = true;
    flow.app = "postgres";
    if (id % 10 == 0) {
        flow.tls.emplace();
        flow.tls->version = 0x0304;
        flow.tls->cipher = 0x1301;
        flow.tls->alpn = "h2";
        flow.tls->sni = "service-" + std::to_string(scattered % 200) + ".shop.svc";
    }
    return flow;
}

int fail(const nspect::Error& error) {
    std::fprintf(stderr, "%s\n", to_string(error).c_str());
    return 2;
}

nspect::Status write_all(nspect::store::FlowStore& store, std::uint64_t count, Spent& spent) {
    nspect::Batch batch;
    for (std::uint64_t id = 1; id <= count; ++id) {
        batch.sightings.push_back(sighting(id));
        if (batch.sightings.size() < batch_size && id < count) continue;
        const Stopwatch stopwatch(spent);
        if (auto written = store.write(batch); !written) return written;
        batch.sightings.clear();
    }
    const Stopwatch stopwatch(spent);
    return store.close();
}

int write(std::uint64_t count, const std::string& path) {
    auto store = nspect::store::create_recording(path, {.overwrite = true});
    if (!store) return fail(store.error());
    Spent writing;
    if (auto written = write_all(**store, count, writing); !written) return fail(written.error());
    print("written", count, writing);
    return 0;
}

int read(const std::string& path) {
    auto reader = nspect::store::open_recording(path);
    if (!reader) return fail(reader.error());
    std::size_t count = 0;
    Spent reading;
    {
        const Stopwatch stopwatch(reading);
        const auto all = (*reader)->sightings({}, {});
        if (!all) return fail(all.error());
        count = all->size();
    }
    print("read", count, reading);
    std::printf("size     %9.1f bytes/sighting\n",
                static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(count));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t count = 1000000;
    if (argc > 1) {
        const std::string_view text = argv[1];
        if (std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc{}) {
            std::fprintf(stderr, "bench_store [SIGHTINGS] [FILE]\n");
            return 2;
        }
    }
    const bool named = argc > 2;
    const std::string path =
        named ? argv[2] : (std::filesystem::temp_directory_path() / "bench_store.nspect").string();
    int outcome = count > 0 ? write(count, path) : 0;
    if (outcome == 0) outcome = read(path);
    if (!named) std::filesystem::remove(path);
    return outcome;
}
