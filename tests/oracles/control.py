"""Instructions that change no register and no memory of the wave: they wait for what is complete
anyway, keep caches coherent, hint, trace, or speak to nobody."""

from __future__ import annotations

__all__ = ["BRANCHES", "DO_NOTHING", "INDEXED"]

_NAMES = """
    v_nop v_pipeflush v_clrexcp ds_nop s_nop s_code_end s_version s_setprio s_sethalt s_setkill
    s_wakeup s_clause s_delay_alu s_singleuse_vdst s_set_inst_prefetch_distance
    s_set_valu_coexec_mode s_incperflevel s_decperflevel s_ttracedata s_ttracedata_imm
    s_icache_inv s_sendmsg s_sendmsghalt s_wait_event s_wait_idle s_wait_alu s_waitcnt
    s_waitcnt_depctr s_waitcnt_expcnt s_waitcnt_lgkmcnt s_waitcnt_vmcnt s_waitcnt_vscnt
    s_wait_loadcnt s_wait_storecnt s_wait_samplecnt s_wait_bvhcnt s_wait_expcnt s_wait_dscnt
    s_wait_kmcnt s_wait_loadcnt_dscnt s_wait_storecnt_dscnt s_dcache_inv s_dcache_wb
    s_dcache_inv_vol s_dcache_wb_vol s_dcache_discard s_dcache_discard_x2 s_atc_probe
    s_atc_probe_buffer s_gl1_inv s_prefetch_inst s_prefetch_inst_pc_rel s_prefetch_data
    s_prefetch_data_pc_rel s_buffer_prefetch_data buffer_wbl2 buffer_inv buffer_gl0_inv
    buffer_gl1_inv buffer_invl2 buffer_wbinvl1 buffer_wbinvl1_vol global_inv global_wb
    global_wbinv s_cbranch_cdbgsys s_cbranch_cdbguser s_cbranch_cdbgsys_or_user
    s_cbranch_cdbgsys_and_user s_barrier_signal s_wait_asynccnt s_wait_tensorcnt s_wait_xcnt
    s_setprio_inc_wg s_monitor_sleep flat_prefetch_b8 global_prefetch_b8
"""
DO_NOTHING = frozenset(_NAMES.split())
"""Of single waves and programs without a debugger."""
BRANCHES = frozenset(
    {
        *("s_branch", "s_cbranch_scc0", "s_cbranch_scc1", "s_cbranch_vccz", "s_cbranch_vccnz"),
        *("s_cbranch_execz", "s_cbranch_execnz", "s_call_b64", "s_swappc_b64", "s_setpc_b64"),
        *("s_getpc_b64", "s_endpgm", "s_endpgm_saved", "s_endpgm_ordered_ps_done", "s_sleep"),
        *("s_sleep_var", "s_barrier", "s_barrier_wait", "s_getreg_b32", "s_setreg_b32"),
        *("s_setreg_imm32_b32", "s_round_mode", "s_denorm_mode", "s_memtime", "s_memrealtime"),
        *("s_sendmsg_rtn_b32", "s_sendmsg_rtn_b64", "s_trap", "s_barrier_signal_isfirst"),
    }
)
"""Where a wave goes on, when, and in which mode."""
INDEXED = frozenset(
    {
        *("s_movrels_b32", "s_movrels_b64", "s_movreld_b32", "s_movreld_b64"),
        *("s_movrelsd_2_b32", "v_movrels_b32", "v_movreld_b32", "v_movrelsd_b32"),
        *("v_movrelsd_2_b32", "v_swaprel_b32", "s_set_gpr_idx_on", "s_set_gpr_idx_off"),
        *("s_set_gpr_idx_idx", "s_set_gpr_idx_mode"),
    }
)
"""Registers whose numbers M0 takes part in."""
