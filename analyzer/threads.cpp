// SPDX-License-Identifier: Apache-2.0
#include "analyzer/threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace nspect::analyzer {
namespace {

constexpr std::size_t few = 20'000;  // are done before a second thread has helped
constexpr unsigned most_threads = 8;

/// Threads beside the caller's; joined at its end. Where none can be begun the caller works alone.
class Helpers {
public:
    Helpers() = default;
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;
    ~Helpers() {
        for (auto& each : threads_) each.join();
    }

    template <class Work>
    void begin(unsigned count, Work work) {
        threads_.reserve(count);
        try {
            for (unsigned i = 1; i <= count; ++i) threads_.emplace_back([work, i] { work(i); });
        } catch (const std::system_error&) {
            return;  // as many as could be begun
        }
    }

private:
    std::vector<std::thread> threads_;
};

class SideBySide {
public:
    SideBySide(std::size_t count, const std::function<void(std::size_t)>& work)
        : count_(count), work_(work) {}

    void run(unsigned threads) {
        {
            Helpers helpers;
            helpers.begin(threads - 1, [this](unsigned) { take_all(); });
            take_all();
        }
        if (error_) std::rethrow_exception(error_);
    }

private:
    void take_all() noexcept {
        try {
            for (auto i = next_++; i < count_; i = next_++) work_(i);
        } catch (...) {
            next_ = count_;
            const std::scoped_lock lock(mutex_);
            if (!error_) error_ = std::current_exception();
        }
    }

    const std::size_t count_;
    const std::function<void(std::size_t)>& work_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_;
    std::exception_ptr error_;
};

class Turns {
public:
    explicit Turns(const Ahead& work) : work_(work), slots_(Ahead::slots(work.threads)) {}

    void run() {
        Helpers helpers;
        const Ending ending(*this);  // before the helpers', which are told so
        helpers.begin(std::max(work_.threads, 1U) - 1, [this](unsigned thread) { help(thread); });
        use_all();
    }

private:
    using Lock = std::unique_lock<std::mutex>;

    struct Slot {
        bool made = false;
        std::exception_ptr error;
    };

    struct Ending {
        explicit Ending(Turns& turns) : turns_(turns) {}
        Ending(const Ending&) = delete;
        Ending& operator=(const Ending&) = delete;
        ~Ending() {
            const std::scoped_lock lock(turns_.mutex_);
            turns_.ended_ = true;
            turns_.room_.notify_all();
        }
        Turns& turns_;
    };

    Slot& slot(std::size_t part) { return slots_[part % slots_.size()]; }
    bool over() const { return ended_ || next_ == work_.parts; }
    bool has_room() const { return next_ < work_.parts && next_ - used_ < slots_.size(); }

    void help(unsigned thread) {
        Lock lock(mutex_);
        while (true) {
            room_.wait(lock, [&] { return over() || has_room(); });
            if (over()) return;
            make_next(lock, thread);
        }
    }

    void make_next(Lock& lock, unsigned thread) {
        const auto part = next_++;
        lock.unlock();
        std::exception_ptr error;
        try {
            work_.make(thread, part, part % slots_.size());
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        slot(part) = {true, std::move(error)};
        made_.notify_one();
    }

    /// Rather than wait for a part that another makes, makes the next.
    void use_all() {
        Lock lock(mutex_);
        while (used_ < work_.parts) {
            Slot& mine = slot(used_);
            while (!mine.made) {
                if (has_room()) {
                    make_next(lock, 0);
                } else {
                    made_.wait(lock);
                }
            }
            if (mine.error) std::rethrow_exception(mine.error);
            lock.unlock();
            if (!work_.use(used_, used_ % slots_.size())) return;
            lock.lock();
            mine.made = false;
            ++used_;
            room_.notify_one();
        }
    }

    const Ahead& work_;
    std::mutex mutex_;
    std::condition_variable made_;
    std::condition_variable room_;
    std::vector<Slot> slots_;
    std::size_t next_ = 0;  ///< to be made
    std::size_t used_ = 0;  ///< by the caller's thread alone changed
    bool ended_ = false;
};

}  // namespace

unsigned threads_for(std::size_t items) {
    return items < few ? 1 : std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
}

void side_by_side(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t)>& work) {
    const auto wanted = std::min<std::size_t>(threads, count);
    SideBySide(count, work).run(static_cast<unsigned>(std::max<std::size_t>(wanted, 1)));
}

void both(unsigned threads, const std::function<void()>& mine, const std::function<void()>& other) {
    std::atomic<bool> begun = false;
    std::exception_ptr error;
    const auto do_other = [&] {
        if (begun.exchange(true)) return;
        try {
            other();
        } catch (...) {
            error = std::current_exception();
        }
    };
    {
        Helpers helpers;
        helpers.begin(threads > 1 ? 1 : 0, [&](unsigned) { do_other(); });
        mine();
        do_other();  // if nobody has
    }
    if (error) std::rethrow_exception(error);
}

void make_ahead(const Ahead& work) {
    Turns(work).run();
}

}  // namespace nspect::analyzer
