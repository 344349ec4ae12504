// SPDX-License-Identifier: MIT
/* What the card says about itself: STATUS, RESOURCE_INFO, PERFORMANCE_INFO. */
#include <stdio.h>
#include <string.h>

#include "soc/card.h"

/*
 * Clocks and names as public logs of real cards show them. Our firmware calls
 * itself by the project's version; the runtime checks the protocol versions and
 * the hardware version's upper half.
 */
#define HW_VERSION	0x00020000
#define NSP_HZ		825000000u
#define DDR_HZ		2133000000u
#define COMPNOC_HZ	1450000000u
#define MEMNOC_HZ	1000000000u
#define SYSNOC_HZ	667000000u

static uint32_t mb(uint64_t bytes)
{
	return bytes >> 20;
}

static void fill_res(const struct soc_res *total, const struct soc_res *used,
		     struct qaic_nnc_resource_info *r)
{
	r->dram_total_mb = mb(total->mem);
	r->dram_free_mb = mb(total->mem - used->mem);
	r->vc_total = total->vc;
	r->vc_free = total->vc - used->vc;
	r->nsp_total = total->nsp;
	r->nsp_free = total->nsp - used->nsp;
	r->mcid_total = total->mcid;
	r->mcid_free = total->mcid - used->mcid;
	r->sem_total = total->sem;
	r->sem_free = total->sem - used->sem;
	r->pc_total = 7;
}

/* int8 operations per second of a SoC (the vendor's product pages) */
static uint64_t peak_int8(uint32_t sku)
{
	switch (sku) {
	case QAIC_NNC_SKU_PCIE:
		return 325000000000000ull;
	case QAIC_NNC_SKU_ULTRA:
		return 217500000000000ull;	/* a quarter of the card */
	}
	return 375000000000000ull;
}

static void fill_perf(const struct soc *soc, struct qaic_nnc_perf_info *p)
{
	p->nsp_hz = NSP_HZ;
	p->ddr_hz = DDR_HZ;
	p->compnoc_hz = COMPNOC_HZ;
	p->memnoc_hz = MEMNOC_HZ;
	p->sysnoc_hz = SYSNOC_HZ;
	p->peak_compute = peak_int8(soc->sku);
	/* dram_bw_kbps stays 0: host time says nothing about the card's DDR */
}

static void fill_version(uint8_t *major, uint8_t *minor, uint8_t *patch)
{
	sscanf(QAIC_VERSION, "%hhu.%hhu.%hhu", major, minor, patch);
}

static void fill_dev(const struct soc *soc, struct qaic_nnc_dev_data *d)
{
	const struct soc_consts *c;
	const struct soc_elf *e;

	fill_version(&d->fw_major, &d->fw_minor, &d->fw_patch);
	d->fw_build = 255;
	strcpy(d->qc_version, "QSM.AIC.SIM." QAIC_VERSION);
	strcpy(d->oem_version, "qaic");
	strcpy(d->variant, "AIC100.SIM");
	d->hw_version = HW_VERSION;
	memcpy(d->serial, soc->serial, sizeof(d->serial));
	strcpy(d->board_serial, "SIM-AIC100");
	fill_res(&soc->total, &soc->used, &d->res);
	fill_perf(soc, &d->perf);
	for (c = soc->consts; c; c = c->next) {
		d->consts_loaded++;
		d->consts_in_use += c->users > 0;
	}
	for (e = soc->elfs; e; e = e->next) {
		d->nw_loaded += d->nw_loaded < 255;
		d->nw_active += e->users > 0 && d->nw_active < 255;
	}
	d->meta_major = QAIC_NNC_META_MAJOR;
	d->meta_minor = QAIC_NNC_META_MINOR;
	d->cmd_major = QAIC_NNC_CMD_MAJOR;
	d->cmd_minor = QAIC_NNC_CMD_MINOR;
	strcpy(d->sbl, "SBL.AIC.SIM");
	d->sku = soc->sku;
}

int qsm_status(struct qsm *q, const void *cmd, void *rsp)
{
	struct qaic_nnc_status_rsp *r = rsp;

	r->format = QAIC_NNC_STATUS_FORMAT;
	fill_dev(q->soc, &r->dev);
	fill_version(&r->nsp.major, &r->nsp.minor, &r->nsp.patch);
	r->nsp.build = 255;
	strcpy(r->nsp.qc_version, "NSP.AIC.SIM." QAIC_VERSION);
	strcpy(r->nsp.oem_version, "qaic");
	strcpy(r->nsp.variant, "aic100.nsp.sim");
	return QAIC_NNC_OK;
}

int qsm_resource_info(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_resource_info_req *req = cmd;
	struct qaic_nnc_resource_info_rsp *r = rsp;
	struct soc_group *g;

	r->group_id = req->group_id;
	if (req->group_id == -1) {
		fill_res(&q->soc->total, &q->soc->used, &r->res);
		return QAIC_NNC_OK;
	}
	g = qsm_find_group(q->soc, req->group_id);
	if (!g)
		return QAIC_NNC_ERR_NOT_FOUND;
	fill_res(&g->total, &g->used, &r->res);
	return QAIC_NNC_OK;
}

int qsm_perf_info(struct qsm *q, const void *cmd, void *rsp)
{
	struct qaic_nnc_perf_info_rsp *r = rsp;

	fill_perf(q->soc, &r->perf);
	return QAIC_NNC_OK;
}
