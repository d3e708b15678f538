// Runs several threads while libuv's pool is full. Each has a loop of its own with everything that
// a worker thread attaches to its loop. ThreadSanitizer reports what the threads share without
// synchronization.

#include <uv.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "admission/admission_controller.h"
#include "concurrency/concurrency_limit.h"
#include "loop/loop_monitor.h"
#include "loop/pool_probe.h"
#include "loop/turn_window.h"
#include "loop/turns.h"

// libuv closes descriptors by a raw system call, which ThreadSanitizer does not see. It then
// assumes that a descriptor number is returned twice.
extern "C" const char* __tsan_default_suppressions() {
  return "race:epoll_create1\nrace:eventfd\nrace:pipe2\n";
}

namespace spillway {
namespace {

constexpr int kThreads = 6;  // more than the pool has
constexpr int kLives = 8;
constexpr int kTurns = 120;
constexpr int kProbes = 8;
constexpr int kTurnsOfProbe = 5;  // some probes are destroyed while they wait, some while they run
constexpr int kJobs = 2;  // in each thread at once: a probe has to wait, but only for a few turns
constexpr unsigned int kJobMs = 1;
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint64_t kIntervalMs = 5;

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

/// Work that keeps the pool full until End() is called.
class Jobs final {
 public:
  explicit Jobs(uv_loop_t* loop) : loop_(loop), jobs_(kJobs) {
    for (uv_work_t& job : jobs_) {
      job.data = this;
      Queue(&job);
    }
  }
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  void End() { ending_ = true; }
  int Done() const { return done_; }

 private:
  void Queue(uv_work_t* job) {
    const int status = uv_queue_work(
        loop_, job, [](uv_work_t*) { uv_sleep(kJobMs); }, OnDone);
    Check(status == 0, "uv_queue_work");
  }
  static void OnDone(uv_work_t* job, int /*status*/) {
    auto* self = static_cast<Jobs*>(job->data);
    ++self->done_;
    if (!self->ending_) self->Queue(job);
  }

  uv_loop_t* const loop_;
  std::vector<uv_work_t> jobs_;
  bool ending_ = false;
  int done_ = 0;
};

/// What a worker thread does in one turn of its loop.
class Worker final : public TurnListener {
 public:
  explicit Worker(uv_loop_t* loop)
      : monitor_(LoopMonitor::New(loop)),
        controller_(std::make_unique<AdmissionController>(
            AdmissionController::Options{100 * kNsPerMs, 4, kNsPerMs, false})),
        window_(std::make_unique<TurnWindow>(uv_hrtime())),
        probes_(kProbes) {
    Check(monitor_ != nullptr && monitor_->Start(kIntervalMs, 0.5), "LoopMonitor");
    monitor_->SharedTurns()->Add(TurnPhase::kJudge, this);
  }

  void OnTurn(TurnPhase /*phase*/, const Turn& turn) override {
    controller_->OnTurn(turn);
    window_->OnTurn(turn.busy);
  }

  void Work(int turn) {
    const uint64_t now = uv_hrtime();
    const auto id = static_cast<uint8_t>(turn % AdmissionController::kClasses);
    if (controller_->Arrive(now, id, turn * kNsPerMs, true) == Verdict::kAdmit) {
      controller_->Depart(uv_hrtime(), id, now, Outcome::kCompleted);
    }
    limit_.Begin(now);
    limit_.End(uv_hrtime(), now, true, monitor_->MeanTurn());
    busy_ += monitor_->IsBusy(1) ? 1 : 0;
    waited_ += monitor_->Delay() + window_->Take(now, monitor_->TurnSoFar()).max;
    std::unique_ptr<PoolProbe>& probe = probes_[turn % kProbes];
    if (probe == nullptr || turn % kTurnsOfProbe == 0) probe = PoolProbe::New();
    Check(probe != nullptr, "PoolProbe");
    for (auto& each : probes_) {
      if (each != nullptr) probed_ += each->Read();
    }
  }

  void End() {
    monitor_->SharedTurns()->Remove(TurnPhase::kJudge, this);
    monitor_->Close([](void*) {}, nullptr);
  }
  uint64_t Probed() const { return probed_; }

 private:
  LoopMonitor* const monitor_;  // deletes itself
  const std::unique_ptr<AdmissionController> controller_;
  const std::unique_ptr<TurnWindow> window_;
  ConcurrencyLimit limit_;
  std::vector<std::unique_ptr<PoolProbe>> probes_;
  int busy_ = 0;
  double waited_ = 0;
  uint64_t probed_ = 0;
};

void Live() {
  uv_loop_t loop;
  Check(uv_loop_init(&loop) == 0, "uv_loop_init");
  Check(uv_loop_configure(&loop, UV_METRICS_IDLE_TIME) == 0, "uv_loop_configure");
  {
    Jobs jobs(&loop);
    Worker worker(&loop);
    for (int turn = 0; turn < kTurns; ++turn) {
      uv_run(&loop, turn % 2 == 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
      worker.Work(turn);
    }
    jobs.End();
    worker.End();
    uv_run(&loop, UV_RUN_DEFAULT);
    Check(jobs.Done() >= kJobs, "every job ends");
    Check(worker.Probed() > 0, "the probes waited for a thread");
  }
  Check(uv_loop_close(&loop) == 0, "nothing is left on the loop");
}

}  // namespace
}  // namespace spillway

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < spillway::kThreads; ++i) {
    threads.emplace_back([] {
      for (int life = 0; life < spillway::kLives; ++life) spillway::Live();
    });
  }
  for (std::thread& thread : threads) thread.join();
}
