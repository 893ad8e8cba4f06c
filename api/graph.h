/* graph.h - handler of a DAG's graph, with the states of a run where asked */
#ifndef API_GRAPH_H
#define API_GRAPH_H

struct request;

void graph_show(struct request *request);

#endif
