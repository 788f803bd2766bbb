/* A stop watch on the host, in milliseconds. */
#pragma once

#include <chrono>

class StopWatchInterface {
public:
    void start()
    {
        begin_ = clock::now();
        running_ = true;
    }
    void stop()
    {
        total_ += since_start();
        ++laps_;
        running_ = false;
    }
    void reset()
    {
        total_ = 0;
        laps_ = 0;
        begin_ = clock::now();
    }
    float getTime() const { return static_cast<float>(total_ + (running_ ? since_start() : 0)); }
    float getAverageTime() const { return static_cast<float>(laps_ ? total_ / laps_ : 0); }

private:
    using clock = std::chrono::steady_clock;
    double since_start() const
    {
        return std::chrono::duration<double, std::milli>(clock::now() - begin_).count();
    }
    clock::time_point begin_ = clock::now();
    double total_ = 0;
    int laps_ = 0;
    bool running_ = false;
};
using StopWatchLinux = StopWatchInterface;

inline bool sdkCreateTimer(StopWatchInterface **timer)
{
    *timer = new StopWatchInterface;
    return true;
}
inline bool sdkDeleteTimer(StopWatchInterface **timer)
{
    delete *timer;
    *timer = nullptr;
    return true;
}
inline bool sdkStartTimer(StopWatchInterface **timer)
{
    (*timer)->start();
    return true;
}
inline bool sdkStopTimer(StopWatchInterface **timer)
{
    (*timer)->stop();
    return true;
}
inline bool sdkResetTimer(StopWatchInterface **timer)
{
    (*timer)->reset();
    return true;
}
inline float sdkGetTimerValue(StopWatchInterface **timer) { return (*timer)->getTime(); }
inline float sdkGetAverageTimerValue(StopWatchInterface **timer)
{
    return (*timer)->getAverageTime();
}
