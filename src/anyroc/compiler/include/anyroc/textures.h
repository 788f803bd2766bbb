/* Reading textures and surfaces: not there yet, and said so by name where a program asks for it. */
#pragma once

#include "anyroc/attributes.h"

#define ANYROC_UNAVAILABLE(name)                                                        \
    template <typename T = void, typename... Arguments>                                 \
    __attribute__((unavailable("anyroc has no textures and surfaces yet"))) __device__ T \
    name(Arguments...);
ANYROC_UNAVAILABLE(tex1D)
ANYROC_UNAVAILABLE(tex1Dfetch)
ANYROC_UNAVAILABLE(tex1DLod)
ANYROC_UNAVAILABLE(tex1DGrad)
ANYROC_UNAVAILABLE(tex1DLayered)
ANYROC_UNAVAILABLE(tex2D)
ANYROC_UNAVAILABLE(tex2DLod)
ANYROC_UNAVAILABLE(tex2DGrad)
ANYROC_UNAVAILABLE(tex2Dgather)
ANYROC_UNAVAILABLE(tex2DLayered)
ANYROC_UNAVAILABLE(tex2DLayeredLod)
ANYROC_UNAVAILABLE(tex3D)
ANYROC_UNAVAILABLE(tex3DLod)
ANYROC_UNAVAILABLE(tex3DGrad)
ANYROC_UNAVAILABLE(texCubemap)
ANYROC_UNAVAILABLE(texCubemapLayered)
ANYROC_UNAVAILABLE(surf1Dread)
ANYROC_UNAVAILABLE(surf1Dwrite)
ANYROC_UNAVAILABLE(surf1DLayeredread)
ANYROC_UNAVAILABLE(surf1DLayeredwrite)
ANYROC_UNAVAILABLE(surf2Dread)
ANYROC_UNAVAILABLE(surf2Dwrite)
ANYROC_UNAVAILABLE(surf2DLayeredread)
ANYROC_UNAVAILABLE(surf2DLayeredwrite)
ANYROC_UNAVAILABLE(surf3Dread)
ANYROC_UNAVAILABLE(surf3Dwrite)
ANYROC_UNAVAILABLE(surfCubemapread)
ANYROC_UNAVAILABLE(surfCubemapwrite)
#undef ANYROC_UNAVAILABLE
