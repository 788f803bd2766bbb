/* NVTX: marks for a profiler that is not there; they are accepted and dropped. */
#pragma once

#include <stdint.h>
#include <wchar.h>

#define NVTX_VERSION 3
#define NVTX_EVENT_ATTRIB_STRUCT_SIZE ((uint16_t)sizeof(nvtxEventAttributes_t))

typedef uint64_t nvtxRangeId_t;
typedef struct nvtxDomainRegistration *nvtxDomainHandle_t;
typedef struct nvtxStringRegistration *nvtxStringHandle_t;

typedef enum nvtxColorType_t { NVTX_COLOR_UNKNOWN = 0, NVTX_COLOR_ARGB = 1 } nvtxColorType_t;
typedef enum nvtxPayloadType_t {
    NVTX_PAYLOAD_UNKNOWN = 0,
    NVTX_PAYLOAD_TYPE_UNSIGNED_INT64 = 1,
    NVTX_PAYLOAD_TYPE_INT64 = 2,
    NVTX_PAYLOAD_TYPE_DOUBLE = 3,
    NVTX_PAYLOAD_TYPE_UNSIGNED_INT32 = 4,
    NVTX_PAYLOAD_TYPE_INT32 = 5,
    NVTX_PAYLOAD_TYPE_FLOAT = 6
} nvtxPayloadType_t;
typedef enum nvtxMessageType_t {
    NVTX_MESSAGE_UNKNOWN = 0,
    NVTX_MESSAGE_TYPE_ASCII = 1,
    NVTX_MESSAGE_TYPE_UNICODE = 2,
    NVTX_MESSAGE_TYPE_REGISTERED = 3
} nvtxMessageType_t;

typedef union nvtxMessageValue_t {
    const char *ascii;
    const wchar_t *unicode;
    nvtxStringHandle_t registered;
} nvtxMessageValue_t;
typedef union nvtxPayload_t {
    uint64_t ullValue;
    int64_t llValue;
    double dValue;
    uint32_t uiValue;
    int32_t iValue;
    float fValue;
} nvtxPayload_t;
typedef struct nvtxEventAttributes_t {
    uint16_t version, size;
    uint32_t category;
    int32_t colorType;
    uint32_t color;
    int32_t payloadType, reserved0;
    nvtxPayload_t payload;
    int32_t messageType;
    nvtxMessageValue_t message;
} nvtxEventAttributes_t;

#define ANYROC_NVTX(result, name, parameters, value) \
    static inline result name parameters { return value; }
#define ANYROC_NVTX_VOID(name, parameters) \
    static inline void name parameters {}
ANYROC_NVTX(int, nvtxRangePushA, (const char *name), (name != 0) - 1)
ANYROC_NVTX(int, nvtxRangePushW, (const wchar_t *name), (name != 0) - 1)
ANYROC_NVTX(int, nvtxRangePushEx, (const nvtxEventAttributes_t *event), (event != 0) - 1)
ANYROC_NVTX(int, nvtxRangePop, (void), 0)
ANYROC_NVTX(nvtxRangeId_t, nvtxRangeStartA, (const char *name), name != 0)
ANYROC_NVTX(nvtxRangeId_t, nvtxRangeStartEx, (const nvtxEventAttributes_t *event), event != 0)
ANYROC_NVTX_VOID(nvtxRangeEnd, (nvtxRangeId_t range))
ANYROC_NVTX_VOID(nvtxMarkA, (const char *name))
ANYROC_NVTX_VOID(nvtxMarkW, (const wchar_t *name))
ANYROC_NVTX_VOID(nvtxMarkEx, (const nvtxEventAttributes_t *event))
ANYROC_NVTX_VOID(nvtxNameOsThreadA, (uint32_t thread, const char *name))
ANYROC_NVTX_VOID(nvtxNameCategoryA, (uint32_t category, const char *name))
ANYROC_NVTX_VOID(nvtxInitialize, (const void *reserved))
ANYROC_NVTX(nvtxDomainHandle_t, nvtxDomainCreateA, (const char *name), (nvtxDomainHandle_t)name)
ANYROC_NVTX_VOID(nvtxDomainDestroy, (nvtxDomainHandle_t domain))
ANYROC_NVTX(int, nvtxDomainRangePushEx,
            (nvtxDomainHandle_t domain, const nvtxEventAttributes_t *event),
            (domain != 0 && event != 0) - 1)
ANYROC_NVTX(int, nvtxDomainRangePop, (nvtxDomainHandle_t domain), (domain != 0) - 1)
ANYROC_NVTX_VOID(nvtxDomainMarkEx,
                 (nvtxDomainHandle_t domain, const nvtxEventAttributes_t *event))
#undef ANYROC_NVTX
#undef ANYROC_NVTX_VOID

#define nvtxMark nvtxMarkA
#define nvtxRangePush nvtxRangePushA
#define nvtxRangeStart nvtxRangeStartA
#define nvtxNameOsThread nvtxNameOsThreadA
#define nvtxDomainCreate nvtxDomainCreateA
