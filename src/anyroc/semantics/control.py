"""Instructions that the emitter itself understands, and the many that change no value here."""

from __future__ import annotations

from anyroc.semantics.core import control

# Every result is there when its instruction is done, memory is coherent and caches are not
# modelled: waits, scheduling hints, cache maintenance, priorities, tracing and messages to nobody
# do nothing.
control("v_nop v_pipeflush v_clrexcp ds_nop", "nop")
control("s_nop s_code_end s_version s_setprio s_sethalt s_setkill s_wakeup s_clause", "nop")
control("s_delay_alu s_singleuse_vdst s_set_inst_prefetch_distance", "nop")
control("s_incperflevel s_decperflevel s_ttracedata s_ttracedata_imm s_icache_inv", "nop")
control("s_sendmsg s_sendmsghalt s_wait_event s_wait_idle s_wait_alu", "nop")
control("s_waitcnt s_waitcnt_depctr s_waitcnt_expcnt s_waitcnt_lgkmcnt s_waitcnt_vmcnt", "nop")
control("s_waitcnt_vscnt s_wait_loadcnt s_wait_storecnt s_wait_samplecnt s_wait_bvhcnt", "nop")
control("s_wait_expcnt s_wait_dscnt s_wait_kmcnt s_wait_loadcnt_dscnt s_wait_storecnt_dscnt", "nop")
control("s_dcache_inv s_dcache_wb s_dcache_inv_vol s_dcache_wb_vol s_dcache_discard", "nop")
control("s_dcache_discard_x2 s_atc_probe s_atc_probe_buffer s_gl1_inv", "nop")
control("s_prefetch_inst s_prefetch_inst_pc_rel s_prefetch_data s_prefetch_data_pc_rel", "nop")
control("s_buffer_prefetch_data buffer_wbl2 buffer_inv buffer_gl0_inv buffer_gl1_inv", "nop")
control("buffer_invl2 buffer_wbinvl1 buffer_wbinvl1_vol s_set_valu_coexec_mode", "nop")
control("global_inv global_wb global_wbinv", "nop")
# The debugger's conditions never hold.
control("s_cbranch_cdbgsys s_cbranch_cdbguser s_cbranch_cdbgsys_or_user", "nop")
control("s_cbranch_cdbgsys_and_user", "nop")

control("s_endpgm s_endpgm_saved s_endpgm_ordered_ps_done", "end")
control("s_branch s_add_pc_i64", "branch")
for _condition in ("scc0", "scc1", "vccz", "vccnz", "execz", "execnz"):
    control(f"s_cbranch_{_condition}", "branch", _condition)
control("s_getpc_b64", "getpc")
control("s_setpc_b64", "setpc")
control("s_swappc_b64", "swappc")
control("s_call_b64", "call")

# A barrier's two halves: signalling cannot fail, waiting is the barrier.
control("s_barrier s_barrier_wait", "barrier")
control("s_barrier_signal", "nop")
control("s_barrier_signal_isfirst", "signal_first")
control("s_sleep s_sleep_var", "sleep")
control("s_trap", "trap")

control("s_getreg_b32", "getreg")
control("s_setreg_b32 s_setreg_imm32_b32", "setreg")
control("s_denorm_mode", "denorm_mode")
control("s_round_mode", "round_mode")
control("s_memrealtime s_sendmsg_rtn_b32 s_sendmsg_rtn_b64", "clock")
control("s_memtime", "cycles")

# M0 (or part of it) is added to a register's number.
for _key in (
    "s_movrels_b32", "s_movrels_b64", "s_movreld_b32", "s_movreld_b64", "s_movrelsd_2_b32",
    "v_movrels_b32", "v_movreld_b32", "v_movrelsd_b32", "v_movrelsd_2_b32", "v_swaprel_b32",
):  # fmt: skip
    control(_key, "movrel", _key.split("_")[1].removeprefix("mov"))

# gfx9's mode in which M0 is added to the VGPR numbers of the instructions that follow.
for _action in ("on", "off", "idx", "mode"):
    control(f"s_set_gpr_idx_{_action}", "gpr_idx", _action)
