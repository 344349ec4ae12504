/* SPDX-License-Identifier: MIT */
/* What the parts of the card share among themselves. */
#ifndef SOC_CARD_H
#define SOC_CARD_H

#include <pthread.h>

#include "qpc/program.h"
#include "soc/mem.h"
#include "soc/nsp.h"
#include "soc/nsp_prof.h"
#include "soc/soc.h"
#include "uapi/qaic_hw.h"
#include "uapi/qaic_nnc.h"

#define SOC_NUM_DBC	QAIC_HW_NUM_DBC
#define SOC_NUM_MCID	3072
#define SOC_DRAM_MB	32692u
#define SOC_MAX_QUEUE	65536u		/* elements of a FIFO */
#define SOC_MAX_ELF	(1ull << 30)
#define SOC_MAX_OBJS	256u		/* ELFs, constants, groups: of each */
#define SOC_MAX_XFERS	16u		/* unfinished DMA transfers */

/* Where device addresses of channel n begin: far apart, never 0 */
#define SOC_DDR_BASE(n)		(((uint64_t)(n) + 1) << 40)
#define SOC_MCID_BASE(n)	((1ull << 36) + (uint64_t)(n) * QAIC_HW_MCID_WINDOW)

/* An activation of our programs uses these */
#define SOC_ACT_SEMS	2u		/* QPC_SEM_READY, QPC_SEM_OUTPUT */
#define SOC_ACT_MCIDS	1u		/* the host's doorbell window */

/* ---- semaphores (sem.c) ---- */

struct soc_sems {
	uint16_t val[QAIC_HW_NUM_SEMS];
};

enum soc_sem_result { SOC_SEM_DONE, SOC_SEM_BLOCKED, SOC_SEM_BAD };

/* Do one QAIC_HW_SEM_* command word, or say that it has to wait. */
enum soc_sem_result soc_sem_do(struct soc_sems *sems, uint32_t cmd);
void soc_sem_add(struct soc_sems *sems, unsigned int i, int delta);

/* ---- what QSM keeps ---- */

struct soc_res {
	uint32_t nsp, mcid, sem, vc;
	uint64_t mem;
};

struct soc_group {
	struct soc_group *next;
	uint32_t id, owner;
	struct soc_res total, used;
	uint32_t num_acts;
};

struct soc_consts {
	struct soc_consts *next;
	uint32_t id, owner;
	uint64_t size;
	const uint8_t *base;	/* in host memory when own is NULL */
	uint8_t *own;
	uint64_t filled;	/* of an in-place base: bytes known */
	uint32_t users;
};

struct soc_elf {
	struct soc_elf *next;
	uint32_t id, owner;
	uint64_t size;		/* charged */
	struct qpc_program prog;
	struct nsp_join *join;		/* or NULL */
	uint32_t users;
};

struct soc_act {
	uint32_t id, owner;
	unsigned int dbc;
	struct soc_consts *consts;	/* or NULL */
	struct soc_elf *elf;
	struct soc_group *group;	/* or NULL */
	struct soc_res used;
	uint32_t nsp_mask;
	uint64_t quick;			/* a mask: specializations that are short */
	struct nsp_mem mem;
	uint8_t *l2tcm;
};

/* A DMA transfer of a LOAD, of which the rest is still to come */
struct soc_xfer {
	struct soc_xfer *next;
	uint32_t owner, chunk_id;	/* chunk_id 0: not waiting */
	uint32_t cmd;			/* QAIC_NNC_LOAD_* */
	struct soc_consts *consts;
	uint8_t *buf;			/* ELF being collected */
	uint64_t off, len, done;
};

/* ---- the DMA Bridge (bridge.c) ---- */

enum soc_step {
	SOC_STEP_FETCH, SOC_STEP_PRESYNC, SOC_STEP_MOVE, SOC_STEP_POSTSYNC,
	SOC_STEP_DOORBELL, SOC_STEP_RESPOND
};

struct soc_dbc {
	pthread_mutex_t lock;
	struct soc *soc;
	unsigned int id;
	struct qaic_hw_dbc_regs *regs;	/* the host writes here at any time */

	bool on;			/* set up */
	bool closing;			/* being torn down: start nothing */
	bool standby;			/* told to pause */
	bool broken;			/* the host's tail made no sense */
	struct soc_act *act;
	uint64_t req, rsp;		/* the FIFOs: host addresses */
	uint32_t req_n, rsp_n, req_head, rsp_tail;

	struct qaic_hw_req cur;		/* private copy of the request in work */
	enum soc_step step;
	unsigned int sem;		/* next semaphore command of cur */
	uint16_t code;			/* worst completion code not yet told */
	bool raise;			/* an interrupt is due */
	bool help;			/* nsp_pool_help() is due */
	bool told_stalled;		/* the bus knows */

	struct soc_sems sems;
	/* two, so that a job that is ending can be followed at once */
	struct nsp_job jobs[2];
	bool job_on[2];
	unsigned int next_job;
	struct soc_dbc_stats stats;
};

int soc_bridge_init(struct soc_dbc *dbc, struct soc *soc, unsigned int id);
void soc_bridge_fini(struct soc_dbc *dbc);

/* Connect an activation. The FIFOs are checked; QAIC_NNC_* status. */
int soc_bridge_start(struct soc_dbc *dbc, struct soc_act *act,
		     const struct qaic_nnc_activate_to_dev *q, bool standby);
/* End what runs, forget the FIFOs. After this no thread uses the activation. */
void soc_bridge_stop(struct soc_dbc *dbc);
void soc_bridge_standby(struct soc_dbc *dbc, bool standby);
void soc_bridge_pump(struct soc_dbc *dbc);
/* Tell the bus if the channel has stalled or does so no more. Under its lock. */
void soc_bridge_tell(struct soc_dbc *dbc);

/* ---- starting NSPs (doorbell.c) ---- */

/* A write to the activation's MCID window: 0 or a completion code. @len <= 4 */
uint16_t soc_doorbell(struct soc_dbc *dbc, const struct qaic_hw_req *req);
/* Word 0 of L2TCM may have changed. */
uint16_t soc_check_start(struct soc_dbc *dbc);
bool soc_nsps_busy(const struct soc_dbc *dbc);
/* Add the time of the job that runs, if one does, to that of its NSPs. */
void soc_add_running(struct soc_dbc *dbc, uint64_t *nsp_busy_ticks);
/* Put the jobs' callbacks in place. */
void soc_jobs_init(struct soc_dbc *dbc);

/* ---- host memory (bus.c) ---- */

int soc_copy(struct soc *soc, uint64_t iova, void *card, uint64_t len,
	     bool to_host);

/* ---- the card ---- */

struct soc {
	struct soc_bus bus;
	struct nsp_pool *pool;
	void *bar2, *own_bar2;
	char serial[16];
	uint64_t dram;
	uint32_t num_nsps, sku;
	bool help;
	uint64_t nsp_busy_ticks[NSP_MAX_NSPS];	/* of jobs that ended; atomic */
	struct nsp_prof prof;

	pthread_mutex_t qsm_lock;	/* all below */
	struct soc_res total, used;	/* used: by groups and activations */
	uint32_t nsp_busy;		/* mask */
	uint32_t next_id;
	struct soc_consts *consts;
	struct soc_elf *elfs;
	struct soc_group *groups;
	struct soc_xfer *xfers;
	uint32_t num_consts, num_elfs, num_groups, num_xfers;
	struct soc_act *acts[SOC_NUM_DBC];

	struct soc_dbc dbc[SOC_NUM_DBC];
};

/* ---- the control processor ---- */

/* One message in work */
struct qsm {
	struct soc *soc;
	uint32_t owner;			/* user handle */
	const uint8_t *cmd;		/* the command's bytes */
	size_t cmd_len;
	const struct qaic_nnc_dma_xfer *dma;	/* of this message, or NULL */
	const struct qaic_nnc_activate_to_dev *act;
	struct soc_xfer *cont;		/* the transfer that has to go on */

	uint8_t *reply;
	size_t len, cap;
	uint32_t count;
};

/*
 * A command handler: fills the (zeroed) reply, returns its status. More
 * transactions go behind the reply with qsm_add().
 */
typedef int (*qsm_fn)(struct qsm *q, const void *cmd, void *rsp);

void *qsm_add(struct qsm *q, uint32_t type, size_t len);

int qsm_status(struct qsm *q, const void *cmd, void *rsp);
int qsm_resource_info(struct qsm *q, const void *cmd, void *rsp);
int qsm_perf_info(struct qsm *q, const void *cmd, void *rsp);

int qsm_load_constants(struct qsm *q, const void *cmd, void *rsp);
int qsm_load_constants_ex(struct qsm *q, const void *cmd, void *rsp);
int qsm_load_constants_payload(struct qsm *q, const void *cmd, void *rsp);
int qsm_load_elf(struct qsm *q, const void *cmd, void *rsp);
int qsm_load_more(struct qsm *q, struct soc_xfer *x, void *rsp);
int qsm_unload_constants(struct qsm *q, const void *cmd, void *rsp);
int qsm_unload_elf(struct qsm *q, const void *cmd, void *rsp);
/* Without regard to users; the object is gone. */
void qsm_free_consts(struct soc *soc, struct soc_consts *c);
void qsm_free_elf(struct soc *soc, struct soc_elf *e);
void qsm_free_xfer(struct soc *soc, struct soc_xfer *x);
/* Make constants whole and aligned before NSPs read them. */
int qsm_seal_consts(struct soc_consts *c);

int qsm_activate(struct qsm *q, const void *cmd, void *rsp);
int qsm_deactivate(struct qsm *q, const void *cmd, void *rsp);
int qsm_activate_state(struct qsm *q, const void *cmd, void *rsp);
void qsm_free_act(struct soc *soc, struct soc_act *act);

int qsm_create_group(struct qsm *q, const void *cmd, void *rsp);
int qsm_release_group(struct qsm *q, const void *cmd, void *rsp);
void qsm_free_group(struct soc *soc, struct soc_group *g);
struct soc_group *qsm_find_group(struct soc *soc, uint32_t id);
/* Take or give back; the status says what is short. */
int qsm_take(const struct soc_res *total, struct soc_res *used,
	     const struct soc_res *want);
void qsm_give(struct soc_res *used, const struct soc_res *want);

int qsm_profile(struct qsm *q, const void *cmd, void *rsp);

/* Everything of a user handle, or of all when @all. */
void qsm_terminate(struct soc *soc, uint32_t owner, bool all);
uint32_t qsm_new_id(struct soc *soc);

#endif
