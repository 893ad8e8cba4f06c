/* dag_graph.c - a DAG as a drawing */
#include "scheduler/core/dag_graph.h"

#include <stdint.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/str.h"
#include "scheduler/core/dag_layout.h"

/* Lines are kept as the directions in which a cell connects, so that what meets joins. */
enum {
	UP = 1,
	DOWN = 2,
	LEFT = 4,
	RIGHT = 8,
	ARROW = 16,
	BOX_ROWS = 3, /* of one place */
};

struct canvas {
	uint8_t *lines;
	const char **texts; /* starting in this cell, NULL */
	uint32_t width, height;
};

struct drawing {
	struct arena arena;
	struct dag_layout layout;
	struct canvas canvas;
	const struct dag_graph_task *run; /* NULL: of no run */
	uint32_t *lefts;                  /* of each layer, first column of its boxes */
	uint32_t *widths;                 /* of the boxes of each layer */
	uint32_t *tracks;                 /* of each layer, vertical lines in the gap behind it */
};

/* What stands for all instances of a task: who is not done yet, then who failed. */
static enum task_state state_of(const struct dag_graph_task *task)
{
	static const enum task_state order[] = {
		TASK_RUNNING,        TASK_QUEUED,       TASK_SCHEDULED,
		TASK_AWAITING_INPUT, TASK_UP_FOR_RETRY, TASK_UP_FOR_RESCHEDULE,
		TASK_NONE,           TASK_FAILED,       TASK_UPSTREAM_FAILED,
		TASK_CANCELLED,      TASK_SUCCESS,      TASK_SKIPPED};

	for (size_t i = 0; i < countof(order); i++) {
		if (task->count[order[i]])
			return order[i];
	}
	return TASK_REMOVED;
}

/* `load`, `load: running`, `load: running 3/10` (so many of so many). */
static const char *label_of(struct arena *arena, const struct dag_task *task,
                            const struct dag_graph_task *run)
{
	enum task_state state;
	uint32_t total = 0;

	if (!run)
		return task->name;
	run += task->index;
	state = state_of(run);
	for (int i = 0; i < TASK_STATE_COUNT; i++)
		total += i == TASK_REMOVED ? 0 : run->count[i];
	if (total > 1)
		return arena_printf(arena, "%s: %s %u/%u", task->name, state_task_name(state),
		                    run->count[state], total);
	return arena_printf(arena, "%s: %s", task->name, state_task_name(state));
}

static uint32_t text_width(const char *text)
{
	return (uint32_t)str_utf8_length(text, strlen(text));
}

static uint8_t *cell(struct canvas *canvas, uint32_t x, uint32_t y)
{
	return &canvas->lines[(size_t)y * canvas->width + x];
}

static void draw_across(struct canvas *canvas, uint32_t from, uint32_t to, uint32_t y)
{
	for (uint32_t x = from; x < to; x++) {
		*cell(canvas, x, y) |= RIGHT;
		*cell(canvas, x + 1, y) |= LEFT;
	}
}

static void draw_down(struct canvas *canvas, uint32_t x, uint32_t from, uint32_t to)
{
	for (uint32_t y = from; y < to; y++) {
		*cell(canvas, x, y) |= DOWN;
		*cell(canvas, x, y + 1) |= UP;
	}
}

static uint32_t middle_of(const struct dag_place *place)
{
	return place->row * BOX_ROWS + 1;
}

static void draw_box(struct drawing *drawing, const struct dag_place *place)
{
	struct canvas *canvas = &drawing->canvas;
	uint32_t left = drawing->lefts[place->layer];
	uint32_t right = left + drawing->widths[place->layer] - 1;
	uint32_t top = place->row * BOX_ROWS;

	if (!place->task) {
		draw_across(canvas, left, right, top + 1);
		return;
	}
	draw_across(canvas, left, right, top);
	draw_across(canvas, left, right, top + 2);
	draw_down(canvas, left, top, top + 2);
	draw_down(canvas, right, top, top + 2);
	canvas->texts[(size_t)(top + 1) * canvas->width + left + 2] =
		label_of(&drawing->arena, place->task, drawing->run);
}

/* From the right side of a place over its own vertical line to each of the next layer. */
static void draw_edges(struct drawing *drawing, const struct dag_place *place, uint32_t track)
{
	struct canvas *canvas = &drawing->canvas;
	uint32_t right = drawing->lefts[place->layer] + drawing->widths[place->layer] - 1;
	uint32_t x = right + 2 + track, y = middle_of(place);
	uint32_t target_left = drawing->lefts[place->layer + 1];

	draw_across(canvas, right, x, y);
	for (uint32_t i = 0; i < place->next_count; i++) {
		uint32_t to = middle_of(place->next[i]);

		draw_down(canvas, x, to < y ? to : y, to < y ? y : to);
		/* the arrow's point stands at the box, a line goes on through its place */
		draw_across(canvas, x, place->next[i]->task ? target_left - 1 : target_left, to);
		if (place->next[i]->task)
			*cell(canvas, target_left - 1, to) |= ARROW;
	}
}

static void measure(struct drawing *drawing)
{
	const struct dag_layout *layout = &drawing->layout;
	size_t layers = layout->layer_count;
	uint32_t left = 0;

	drawing->lefts = arena_array(&drawing->arena, layers + 1, sizeof(uint32_t));
	drawing->widths = arena_array(&drawing->arena, layers + 1, sizeof(uint32_t));
	drawing->tracks = arena_array(&drawing->arena, layers + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < layout->place_count; i++) {
		const struct dag_place *place = layout->places[i];
		uint32_t width = 2;

		if (place->task)
			width = 4 +
			        text_width(label_of(&drawing->arena, place->task, drawing->run));

		if (width > drawing->widths[place->layer])
			drawing->widths[place->layer] = width;
		drawing->tracks[place->layer] += place->next_count > 0;
	}
	for (size_t i = 0; i < layers; i++) {
		drawing->lefts[i] = left;
		/* a blank, the lines, and room for the arrow */
		left += drawing->widths[i] + drawing->tracks[i] + 3;
	}
	drawing->canvas.width = left;
	drawing->canvas.height = layout->row_count * BOX_ROWS;
}

static void draw(struct drawing *drawing)
{
	const struct dag_layout *layout = &drawing->layout;
	struct canvas *canvas = &drawing->canvas;
	size_t cells = (size_t)canvas->width * canvas->height;
	uint32_t *used =
		arena_array(&drawing->arena, (size_t)layout->layer_count + 1, sizeof(*used));

	canvas->lines = arena_array(&drawing->arena, cells + 1, sizeof(*canvas->lines));
	canvas->texts = arena_array(&drawing->arena, cells + 1, sizeof(*canvas->texts));
	for (uint32_t i = 0; i < layout->place_count; i++)
		draw_box(drawing, layout->places[i]);
	for (uint32_t i = 0; i < layout->place_count; i++) {
		const struct dag_place *place = layout->places[i];

		if (place->next_count)
			draw_edges(drawing, place, used[place->layer]++);
	}
}

static const char *glyph(uint8_t lines)
{
	static const char *const glyphs[] = {
		[0] = " ",
		[UP] = "╵",
		[DOWN] = "╷",
		[LEFT] = "╴",
		[RIGHT] = "╶",
		[UP | DOWN] = "│",
		[LEFT | RIGHT] = "─",
		[DOWN | RIGHT] = "┌",
		[DOWN | LEFT] = "┐",
		[UP | RIGHT] = "└",
		[UP | LEFT] = "┘",
		[UP | DOWN | RIGHT] = "├",
		[UP | DOWN | LEFT] = "┤",
		[LEFT | RIGHT | DOWN] = "┬",
		[LEFT | RIGHT | UP] = "┴",
		[UP | DOWN | LEFT | RIGHT] = "┼",
	};

	return lines & ARROW ? "▶" : glyphs[lines];
}

static void print_row(const struct canvas *canvas, uint32_t y, struct buf *text)
{
	size_t start = (size_t)y * canvas->width, end = canvas->width;

	while (end > 0 && !canvas->lines[start + end - 1] && !canvas->texts[start + end - 1])
		end--;
	for (size_t x = 0; x < end; x++) {
		const char *name = canvas->texts[start + x];

		if (name) {
			buf_text(text, name);
			x += text_width(name) - 1;
		} else {
			buf_text(text, glyph(canvas->lines[start + x]));
		}
	}
	/* the last rows hold nothing where no box ends there */
	if (end || y + 1 < canvas->height)
		buf_char(text, '\n');
}

int dag_graph_text(const struct dag *dag, const struct dag_graph_task *run, struct buf *text,
                   struct err *err)
{
	struct drawing drawing = {.run = run};
	int result;

	arena_init(&drawing.arena);
	result = dag_layout_make(dag, &drawing.arena, &drawing.layout, err);
	if (result == 0) {
		measure(&drawing);
		draw(&drawing);
		for (uint32_t y = 0; y < drawing.canvas.height; y++)
			print_row(&drawing.canvas, y, text);
	}
	arena_release(&drawing.arena);
	return result;
}

/* SVG, in the same places */

enum {
	SVG_LAYER = 190,
	SVG_ROW = 60,
	SVG_BOX_WIDTH = 150,
	SVG_BOX_HEIGHT = 36,
	SVG_MARGIN = 20,
};

static void svg_escape(struct buf *svg, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			buf_printf(svg, "&#%d;", *text);
		else
			buf_char(svg, *text);
	}
}

static void svg_edges(const struct dag_place *place, struct buf *svg)
{
	uint32_t x = SVG_MARGIN + place->layer * SVG_LAYER + SVG_BOX_WIDTH;
	uint32_t y = SVG_MARGIN + place->row * SVG_ROW + SVG_BOX_HEIGHT / 2;

	for (uint32_t i = 0; i < place->next_count; i++) {
		uint32_t to_x = SVG_MARGIN + place->next[i]->layer * SVG_LAYER;
		uint32_t to_y = SVG_MARGIN + place->next[i]->row * SVG_ROW + SVG_BOX_HEIGHT / 2;
		uint32_t between = (x + to_x) / 2;

		buf_printf(svg,
		           "<path d=\"M%u %u C%u %u %u %u %u %u\" fill=\"none\" "
		           "stroke=\"#888\"%s/>\n",
		           x, y, between, y, between, to_y, to_x, to_y,
		           place->next[i]->task ? " marker-end=\"url(#arrow)\"" : "");
	}
	if (!place->task)
		buf_printf(svg, "<path d=\"M%u %u H%u\" stroke=\"#888\"/>\n", x - SVG_BOX_WIDTH, y,
		           x);
}

static const char *const fills[TASK_STATE_COUNT] = {
	[TASK_NONE] = "#fff",
	[TASK_SCHEDULED] = "#eee",
	[TASK_QUEUED] = "#ddd",
	[TASK_RUNNING] = "#bde0fe",
	[TASK_UP_FOR_RETRY] = "#ffe8a3",
	[TASK_UP_FOR_RESCHEDULE] = "#ffe8a3",
	[TASK_AWAITING_INPUT] = "#ffe8a3",
	[TASK_SUCCESS] = "#c8efc8",
	[TASK_FAILED] = "#f8c4c4",
	[TASK_SKIPPED] = "#f3d9fa",
	[TASK_UPSTREAM_FAILED] = "#ffd8b5",
	[TASK_REMOVED] = "#eee",
	[TASK_CANCELLED] = "#d9d9d9",
};

static void svg_box(const struct dag_place *place, const struct dag_graph_task *run,
                    struct buf *svg)
{
	const char *fill = "#fff";
	uint32_t x = SVG_MARGIN + place->layer * SVG_LAYER;
	uint32_t y = SVG_MARGIN + place->row * SVG_ROW;

	if (!place->task)
		return;
	if (run)
		fill = fills[state_of(&run[place->task->index])];
	buf_printf(svg,
	           "<rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"%s\" "
	           "stroke=\"#444\">",
	           x, y, SVG_BOX_WIDTH, SVG_BOX_HEIGHT, fill);
	if (run)
		buf_printf(svg, "<title>%s</title>",
		           state_task_name(state_of(&run[place->task->index])));
	buf_printf(svg, "</rect>\n<text x=\"%u\" y=\"%u\" text-anchor=\"middle\">",
	           x + SVG_BOX_WIDTH / 2, y + SVG_BOX_HEIGHT / 2 + 5);
	svg_escape(svg, place->task->name);
	buf_text(svg, "</text>\n");
}

int dag_graph_svg(const struct dag *dag, const struct dag_graph_task *run, struct buf *svg,
                  struct err *err)
{
	struct dag_layout layout;
	struct arena arena;
	int result;

	arena_init(&arena);
	result = dag_layout_make(dag, &arena, &layout, err);
	if (result == 0) {
		buf_printf(svg,
		           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		           "font-family=\"sans-serif\" font-size=\"14\">\n"
		           "<defs><marker id=\"arrow\" markerWidth=\"8\" markerHeight=\"8\" "
		           "refX=\"8\" refY=\"4\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" "
		           "fill=\"#888\"/></marker></defs>\n",
		           2 * SVG_MARGIN + layout.layer_count * SVG_LAYER,
		           2 * SVG_MARGIN + layout.row_count * SVG_ROW);
		for (uint32_t i = 0; i < layout.place_count; i++)
			svg_edges(layout.places[i], svg);
		for (uint32_t i = 0; i < layout.place_count; i++)
			svg_box(layout.places[i], run, svg);
		buf_text(svg, "</svg>\n");
	}
	arena_release(&arena);
	return result;
}

/* JSON */

static json_t *edges_json(const struct dag *dag)
{
	json_t *edges = json_array();

	for (uint32_t i = 0; i < dag->task_count; i++) {
		for (uint32_t j = 0; j < dag->tasks[i].downstream_count; j++)
			json_array_append_new(
				edges, json_pack("{s:s, s:s}", "from", dag->tasks[i].name, "to",
			                         dag->tasks[dag->tasks[i].downstream[j]].name));
	}
	return edges;
}

static json_t *node_json(const struct dag_task *task, const struct dag_place *place,
                         const struct dag_graph_task *run)
{
	json_t *node =
		json_pack("{s:s, s:s, s:i, s:i}", "task", task->name, "operator", task->operator,
	                  "layer", (int)place->layer, "row", (int)place->row);
	json_t *counts;

	if (!run)
		return node;
	run += task->index;
	counts = json_object();
	for (int i = 0; i < TASK_STATE_COUNT; i++) {
		if (run->count[i])
			json_object_set_new(counts, state_task_name((enum task_state)i),
			                    json_integer(run->count[i]));
	}
	json_object_set_new(node, "state", json_string(state_task_name(state_of(run))));
	json_object_set_new(node, "counts", counts);
	return node;
}

json_t *dag_graph_json(const struct dag *dag, const struct dag_graph_task *run, struct err *err)
{
	struct dag_layout layout;
	struct arena arena;
	json_t *nodes = json_array(), *graph = NULL;

	arena_init(&arena);
	if (dag_layout_make(dag, &arena, &layout, err) == 0) {
		for (uint32_t i = 0; i < dag->task_count; i++)
			json_array_append_new(nodes,
			                      node_json(&dag->tasks[i], layout.places[i], run));
		graph = json_pack("{s:s, s:O, s:o}", "dag", dag->name, "nodes", nodes, "edges",
		                  edges_json(dag));
	}
	json_decref(nodes);
	arena_release(&arena);
	return graph;
}
