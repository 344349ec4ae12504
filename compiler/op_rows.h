/* SPDX-License-Identifier: MIT */
/*
 * What the rows of compiler/optable.c point to: shape rules, reference
 * evaluations and views, each defined in one of op_*.c.
 */
#ifndef COMPILER_OP_ROWS_H
#define COMPILER_OP_ROWS_H

#include "compiler/op.h"

#define QC_SHAPE(name)                                                         \
	int qc_shape_##name(struct qc_graph *g, struct qc_node *n,             \
			    struct qaic_err *err)
#define QC_EVAL(name)                                                          \
	int qc_eval_##name(const struct qc_eval *e, struct qaic_err *err)
#define QC_VIEW(name)                                                          \
	int qc_cview_##name(struct qc_graph *g, struct qc_node *n)

QC_SHAPE(binary);
QC_SHAPE(pow);
QC_SHAPE(logic);
QC_SHAPE(compare);
QC_SHAPE(where);
QC_SHAPE(not);
QC_SHAPE(unary);
QC_SHAPE(unary_f);
QC_SHAPE(is);
QC_SHAPE(clip);
QC_SHAPE(cast);
QC_SHAPE(matmul);
QC_SHAPE(gemm);
QC_SHAPE(einsum);
QC_SHAPE(softmax);
QC_SHAPE(layernorm);
QC_SHAPE(rmsnorm);
QC_SHAPE(reduce);
QC_SHAPE(argmax);
QC_SHAPE(cumsum);
QC_SHAPE(topk);
QC_SHAPE(gather);
QC_SHAPE(gatherelements);
QC_SHAPE(gathernd);
QC_SHAPE(scatternd);
QC_SHAPE(scatterelements);
QC_SHAPE(onehot);
QC_SHAPE(ctxscatter);
QC_SHAPE(ctxgather);
QC_SHAPE(identity);
QC_SHAPE(dropout);
QC_SHAPE(reshape);
QC_SHAPE(flatten);
QC_SHAPE(squeeze);
QC_SHAPE(unsqueeze);
QC_SHAPE(transpose);
QC_SHAPE(expand);
QC_SHAPE(slice);
QC_SHAPE(split);
QC_SHAPE(concat);
QC_SHAPE(tile);
QC_SHAPE(pad);
QC_SHAPE(trilu);
QC_SHAPE(depthtospace);
QC_SHAPE(spacetodepth);
QC_SHAPE(constant);
QC_SHAPE(constantofshape);
QC_SHAPE(shape);
QC_SHAPE(size);
QC_SHAPE(nonzero);
QC_SHAPE(range);
QC_SHAPE(eyelike);

QC_EVAL(add);
QC_EVAL(sub);
QC_EVAL(mul);
QC_EVAL(div);
QC_EVAL(pow);
QC_EVAL(mod);
QC_EVAL(prelu);
QC_EVAL(min);
QC_EVAL(max);
QC_EVAL(sum);
QC_EVAL(mean);
QC_EVAL(and);
QC_EVAL(or);
QC_EVAL(xor);
QC_EVAL(equal);
QC_EVAL(less);
QC_EVAL(lessorequal);
QC_EVAL(greater);
QC_EVAL(greaterorequal);
QC_EVAL(where);
QC_EVAL(not);
QC_EVAL(neg);
QC_EVAL(abs);
QC_EVAL(sign);
QC_EVAL(sqrt);
QC_EVAL(reciprocal);
QC_EVAL(exp);
QC_EVAL(log);
QC_EVAL(sin);
QC_EVAL(cos);
QC_EVAL(tan);
QC_EVAL(asin);
QC_EVAL(acos);
QC_EVAL(atan);
QC_EVAL(sinh);
QC_EVAL(cosh);
QC_EVAL(asinh);
QC_EVAL(acosh);
QC_EVAL(atanh);
QC_EVAL(tanh);
QC_EVAL(sigmoid);
QC_EVAL(erf);
QC_EVAL(relu);
QC_EVAL(leakyrelu);
QC_EVAL(thresholdedrelu);
QC_EVAL(elu);
QC_EVAL(selu);
QC_EVAL(celu);
QC_EVAL(hardsigmoid);
QC_EVAL(hardswish);
QC_EVAL(softplus);
QC_EVAL(softsign);
QC_EVAL(mish);
QC_EVAL(gelu);
QC_EVAL(floor);
QC_EVAL(ceil);
QC_EVAL(round);
QC_EVAL(isnan);
QC_EVAL(isinf);
QC_EVAL(clip);
QC_EVAL(cast);
QC_EVAL(matmul);
QC_EVAL(gemm);
QC_EVAL(einsum);
QC_EVAL(softmax);
QC_EVAL(logsoftmax);
QC_EVAL(layernorm);
QC_EVAL(rmsnorm);
QC_EVAL(reducesum);
QC_EVAL(reducemean);
QC_EVAL(reducemax);
QC_EVAL(reducemin);
QC_EVAL(reduceprod);
QC_EVAL(reducesumsquare);
QC_EVAL(reducel1);
QC_EVAL(reducel2);
QC_EVAL(reducelogsum);
QC_EVAL(reducelogsumexp);
QC_EVAL(argmax);
QC_EVAL(argmin);
QC_EVAL(cumsum);
QC_EVAL(topk);
QC_EVAL(gather);
QC_EVAL(gatherelements);
QC_EVAL(gathernd);
QC_EVAL(scatternd);
QC_EVAL(scatterelements);
QC_EVAL(onehot);
QC_EVAL(ctxscatter);
QC_EVAL(ctxgather);
QC_EVAL(copy);
QC_EVAL(dropout);
QC_EVAL(transpose);
QC_EVAL(expand);
QC_EVAL(slice);
QC_EVAL(split);
QC_EVAL(concat);
QC_EVAL(tile);
QC_EVAL(pad);
QC_EVAL(trilu);
QC_EVAL(depthtospace);
QC_EVAL(spacetodepth);
QC_EVAL(range);
QC_EVAL(eyelike);

QC_VIEW(cast);
QC_VIEW(reshape);
QC_VIEW(transpose);
QC_VIEW(expand);
QC_VIEW(slice);
QC_VIEW(split);

#endif
