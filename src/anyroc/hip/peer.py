"""Peer access: software GPUs share all addresses, so that programs only have to ask for it."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip.device import current, gpu, gpus
from anyroc.hip.error import Error, HipError, require


def hipDeviceCanAccessPeer(out: int, device: int, peer: int) -> None:
    require(out)
    memory.put_i32(out, gpu(device) is not gpu(peer))


def hipDeviceEnablePeerAccess(peer: int, flags: int) -> None:
    require(flags == 0)
    here = current()
    require(gpu(peer) is not here, Error.InvalidDevice)
    require(peer not in here.peers, Error.PeerAccessAlreadyEnabled)
    here.peers.add(peer)


def hipDeviceDisablePeerAccess(peer: int) -> None:
    here = current()
    gpu(peer)
    require(peer in here.peers, Error.PeerAccessNotEnabled)
    here.peers.remove(peer)


def hipDeviceGetP2PAttribute(out: int, attribute: int, source: int, target: int) -> None:
    require(out)
    require(gpu(source) is not gpu(target), Error.InvalidDevice)
    values = {0: 1, 1: 1, 2: 1, 3: 0}  # rank, access, native atomics, arrays
    if attribute not in values:
        raise HipError(Error.InvalidValue)
    memory.put_i32(out, values[attribute])


def hipExtGetLinkTypeAndHopCount(first: int, second: int, kind: int, hops: int) -> None:
    require(kind and hops)
    require(first != second and first >= 0 and second >= 0)
    require(max(first, second) < len(gpus()), Error.InvalidDevice)
    memory.put_i32(kind, 4)  # HSA_AMD_LINK_INFO_TYPE_XGMI
    memory.put_i32(hops, 1)
