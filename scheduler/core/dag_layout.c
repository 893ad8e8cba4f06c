/* dag_layout.c - where the tasks of a DAG stand when it is drawn */
#include "scheduler/core/dag_layout.h"

#include <stdlib.h>

#include "lib/limits.h"

enum {
	SWEEPS = 4, /* more changes little */
};

/* A layer is one more than the highest of what the task needs. */
static void find_layers(const struct dag *dag, struct arena *arena, struct dag_layout *layout)
{
	uint32_t *missing = arena_array(arena, dag->task_count, sizeof(*missing));
	uint32_t *ready = arena_array(arena, dag->task_count, sizeof(*ready));
	uint32_t taken = 0, found = 0;

	for (uint32_t i = 0; i < dag->task_count; i++) {
		missing[i] = dag->tasks[i].upstream_count;
		if (!missing[i])
			ready[found++] = i;
	}
	while (taken < found) {
		const struct dag_task *task = &dag->tasks[ready[taken++]];
		uint32_t layer = layout->places[task->index]->layer;

		for (uint32_t j = 0; j < task->downstream_count; j++) {
			struct dag_place *below = layout->places[task->downstream[j]];

			if (below->layer < layer + 1)
				below->layer = layer + 1;
			if (--missing[task->downstream[j]] == 0)
				ready[found++] = task->downstream[j];
		}
		if (layer >= layout->layer_count)
			layout->layer_count = layer + 1;
	}
}

static struct dag_place *new_place(struct arena *arena, struct dag_layout *layout)
{
	struct dag_place *place = arena_alloc(arena, sizeof(*place));

	layout->places[layout->place_count++] = place;
	return place;
}

/* One edge as a chain of places, one in each layer between its ends. */
static int connect(struct arena *arena, struct dag_layout *layout, struct dag_place *from,
                   struct dag_place *to, struct err *err)
{
	struct dag_place *at = from;

	while (at->layer + 1 < to->layer) {
		struct dag_place *between;

		if (layout->place_count >= LIMIT_GRAPH_PLACES)
			return err_set(err, ERR_LIMIT, "the DAG is too large to be drawn");
		between = new_place(arena, layout);
		between->layer = at->layer + 1;
		between->next = arena_array(arena, 1, sizeof(struct dag_place *));
		at->next[at->next_count++] = between;
		at = between;
	}
	at->next[at->next_count++] = to;
	return 0;
}

static int connect_all(const struct dag *dag, struct arena *arena, struct dag_layout *layout,
                       struct err *err)
{
	for (uint32_t i = 0; i < dag->task_count; i++) {
		const struct dag_task *task = &dag->tasks[i];
		struct dag_place *place = layout->places[i];

		place->next = arena_array(arena, (size_t)task->downstream_count + 1,
		                          sizeof(struct dag_place *));
		for (uint32_t j = 0; j < task->downstream_count; j++) {
			if (connect(arena, layout, place, layout->places[task->downstream[j]],
			            err) < 0)
				return -1;
		}
	}
	return 0;
}

static int by_weight(const void *a, const void *b)
{
	const struct dag_place *left = *(struct dag_place *const *)a;
	const struct dag_place *right = *(struct dag_place *const *)b;

	if (left->weight < right->weight || left->weight > right->weight)
		return left->weight < right->weight ? -1 : 1;
	return (left->row > right->row) - (left->row < right->row);
}

/* Gives the places of a layer their rows in the order of their weights. */
static void order_layer(struct dag_place **layer, uint32_t count)
{
	qsort(layer, count, sizeof(struct dag_place *), by_weight);
	for (uint32_t row = 0; row < count; row++)
		layer[row]->row = row;
}

/* The weight of a place is the middle of its neighbours in the layer before. */
static void weigh_forward(struct dag_place **layer, uint32_t count, struct dag_place **before,
                          uint32_t before_count)
{
	for (uint32_t i = 0; i < count; i++) {
		layer[i]->weight = 0;
		layer[i]->neighbours = 0;
	}
	for (uint32_t i = 0; i < before_count; i++) {
		for (uint32_t k = 0; k < before[i]->next_count; k++) {
			before[i]->next[k]->weight += before[i]->row;
			before[i]->next[k]->neighbours++;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		layer[i]->weight = layer[i]->neighbours ? layer[i]->weight / layer[i]->neighbours
		                                        : layer[i]->row;
}

/* The same of the layer behind. */
static void weigh_backward(struct dag_place **layer, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		double sum = 0;

		for (uint32_t k = 0; k < layer[i]->next_count; k++)
			sum += layer[i]->next[k]->row;
		layer[i]->weight =
			layer[i]->next_count ? sum / layer[i]->next_count : layer[i]->row;
	}
}

struct layers {
	struct dag_place ***items;
	uint32_t *counts;
};

static struct layers collect_layers(struct arena *arena, const struct dag_layout *layout)
{
	struct layers layers = {
		.items = arena_array(arena, layout->layer_count, sizeof(*layers.items)),
		.counts = arena_array(arena, layout->layer_count, sizeof(*layers.counts)),
	};

	for (uint32_t i = 0; i < layout->place_count; i++)
		layers.counts[layout->places[i]->layer]++;
	for (uint32_t i = 0; i < layout->layer_count; i++) {
		layers.items[i] = arena_array(arena, (size_t)layers.counts[i] + 1,
		                              sizeof(struct dag_place *));
		layers.counts[i] = 0;
	}
	for (uint32_t i = 0; i < layout->place_count; i++) {
		struct dag_place *place = layout->places[i];

		place->row = layers.counts[place->layer];
		layers.items[place->layer][layers.counts[place->layer]++] = place;
	}
	return layers;
}

static void find_rows(struct arena *arena, struct dag_layout *layout)
{
	struct layers layers = collect_layers(arena, layout);

	for (int sweep = 0; sweep < SWEEPS; sweep++) {
		for (uint32_t i = 1; i < layout->layer_count; i++) {
			weigh_forward(layers.items[i], layers.counts[i], layers.items[i - 1],
			              layers.counts[i - 1]);
			order_layer(layers.items[i], layers.counts[i]);
		}
		for (uint32_t i = layout->layer_count - 1; i-- > 0;) {
			weigh_backward(layers.items[i], layers.counts[i]);
			order_layer(layers.items[i], layers.counts[i]);
		}
	}
	for (uint32_t i = 0; i < layout->layer_count; i++) {
		if (layers.counts[i] > layout->row_count)
			layout->row_count = layers.counts[i];
	}
}

int dag_layout_make(const struct dag *dag, struct arena *arena, struct dag_layout *layout,
                    struct err *err)
{
	*layout = (struct dag_layout){0};
	if (dag->task_count > LIMIT_GRAPH_PLACES)
		return err_set(err, ERR_LIMIT, "the DAG is too large to be drawn");
	layout->places = arena_array(arena, LIMIT_GRAPH_PLACES + 1, sizeof(struct dag_place *));
	for (uint32_t i = 0; i < dag->task_count; i++)
		new_place(arena, layout)->task = &dag->tasks[i];
	find_layers(dag, arena, layout);
	if (connect_all(dag, arena, layout, err) < 0)
		return -1;
	find_rows(arena, layout);
	return 0;
}
