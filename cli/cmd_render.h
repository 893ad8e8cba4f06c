/* cmd_render.h - `millrace tasks render`: the parameters of a task, without running it */
#ifndef CLI_CMD_RENDER_H
#define CLI_CMD_RENDER_H

struct call;

int cmd_render(struct call *call);

#endif
