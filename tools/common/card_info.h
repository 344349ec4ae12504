/* SPDX-License-Identifier: MIT */
/*
 * What a card says about itself, what sysfs says about its PCI function, and
 * both as lines in the order and words of the vendor's qaic-util.
 */
#ifndef QAIC_TOOLS_CARD_INFO_H
#define QAIC_TOOLS_CARD_INFO_H

#include <jansson.h>
#include <stdio.h>

#include "libqaic/qaic.h"
#include "uapi/qaic_nnc.h"

struct qaic_card {
	uint32_t qid;
	bool ready;			/* else status is all zero */
	char why[200];			/* it is not */
	struct qaic_location loc;
	char link_max[24], link_now[24];	/* "16GT/s", or "" */
	unsigned int width_max, width_now;
	double temp, power, tdp;	/* degrees Celsius, Watts; 0: unknown */
	struct qaic_nnc_status_rsp status;
};

/* Ask the card. A card that does not answer is one that is not ready. */
int qaic_card_ask(uint32_t qid, struct qaic_card *card, struct qaic_err *err);

/* As qaic-util -q prints it. */
void qaic_card_print(const struct qaic_card *card, FILE *out);
/* The same as an object, or NULL. */
json_t *qaic_card_json(const struct qaic_card *card);
/* The heading of the table, and a card's row. */
void qaic_card_heading(FILE *out);
void qaic_card_row(const struct qaic_card *card, FILE *out);

#endif
