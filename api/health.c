/* health.c - handlers of /livez and /readyz */
#include "api/health.h"

#include "api/request.h"
#include "api/respond.h"

void health_live(struct request *request)
{
	buf_text(&request->reply, "{\"status\":\"ok\"}");
	respond_reply(request, RESPOND_OK);
}

void health_ready(struct request *request)
{
	struct err err;
	char reason[sizeof(err.text)];

	switch (session_state(request->session->shared, reason, sizeof(reason))) {
	case API_READY:
		buf_text(&request->reply, "{\"status\":\"ready\"}");
		respond_reply(request, RESPOND_OK);
		break;
	case API_STARTING:
		respond_problem(request, PROBLEM_OVERLOADED, "the server is starting");
		break;
	case API_STANDBY:
		respond_problem(request, PROBLEM_OVERLOADED, "%s", reason);
		break;
	case API_UNREADY:
		respond_problem(request, PROBLEM_DATABASE_UNAVAILABLE, "%s",
		                *reason ? reason : "the server is not ready");
		break;
	case API_DRAINING:
		respond_problem(request, PROBLEM_DRAINING, "the server is shutting down");
		break;
	}
}
