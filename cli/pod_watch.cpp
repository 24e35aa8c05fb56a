// SPDX-License-Identifier: Apache-2.0
#include "cli/pod_watch.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "cli/live_inputs.h"
#include "ingest/live/kube_mirror.h"
#include "ingest/live/pod_book.h"

namespace nspect::cli {
namespace {

using std::chrono::milliseconds;
constexpr auto turn = milliseconds(200);
constexpr auto longest_retry = milliseconds(30'000);

Timestamp now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

template <class T>
void move_behind(std::vector<T>& into, std::vector<T>& from) {
    std::move(from.begin(), from.end(), std::back_inserter(into));
}

}  // namespace

struct PodWatch::State {
    State(std::string called, ingest::HttpEndpoint endpoint, Recording to)
        : source(std::move(called)),
          mirror(
              std::move(endpoint),
              {.wants = ingest::PodBook::wants,
               .on_change = [this](std::string_view kind, const std::string& key,
                                   std::string_view json) { book.take(kind, key, json, now()); }}),
          recording(std::move(to)) {}

    void run();
    void list_again();
    void trouble(const Error& error);
    void write();

    std::string source;
    ingest::PodBook book;
    ingest::KubeMirror mirror;
    Recording recording;
    bool listed = false;
    milliseconds retry{1000};
    std::chrono::steady_clock::time_point not_before{};
    Batch waiting;
    std::atomic<bool> stop{false};
    std::thread thread;
};

void PodWatch::State::run() {
    while (!stop) {
        if (listed) {
            mirror.follow(turn);
        } else {
            list_again();
            std::this_thread::sleep_for(turn);
        }
        for (const Error& note : mirror.take_notes()) trouble(note);
        write();
    }
    write();
}

void PodWatch::State::list_again() {
    if (std::chrono::steady_clock::now() < not_before) return;
    listed = static_cast<bool>(mirror.list());
    if (listed) return recording.say("nspect: " + source + ": answers now; pods are named");
    not_before = std::chrono::steady_clock::now() + retry;
    retry = std::min(2 * retry, longest_retry);
}

void PodWatch::State::trouble(const Error& error) {
    recording.say("nspect: " + to_string(error));
    waiting.losses.push_back({now(), now(), source, loss_kind::target, 1, to_string(error)});
}

/// What could not be written is tried again with what comes next.
void PodWatch::State::write() {
    if (!recording.begun()) return;
    Batch news = book.take_changes();
    move_behind(waiting.targets, news.targets);
    move_behind(waiting.addresses, news.addresses);
    if (!waiting.empty() && recording.write(waiting)) waiting = {};
}

PodWatch::PodWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}

PodWatch::~PodWatch() {
    state_->stop = true;
    state_->thread.join();
}

Result<std::unique_ptr<PodWatch>> PodWatch::start(const std::string& input, Recording recording) {
    auto endpoint = kube_server(input, recording.say);
    if (!endpoint) return std::move(endpoint).error();
    auto state = std::make_unique<State>(input, std::move(*endpoint), std::move(recording));
    if (auto listed = state->mirror.list()) {
        state->listed = true;
    } else if (listed.error().kind != Error::Kind::unavailable) {
        return std::move(listed).error();
    } else {
        Error error = listed.error();
        error.message += "; pods are not named until it answers";
        state->trouble(error);
    }
    State& running = *state;
    auto watch = std::unique_ptr<PodWatch>(new PodWatch(std::move(state)));
    running.thread = std::thread([&running] { running.run(); });
    return watch;
}

}  // namespace nspect::cli
