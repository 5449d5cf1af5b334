/* commands.h - the commands of lingua-ctl: one line each in the table of main.c. Each gets its own argv ("lingua-ctl nodes",
 * then the arguments) and returns the exit status (ctl.h). */
#ifndef CORE_CTL_COMMANDS_H
#define CORE_CTL_COMMANDS_H

int cmd_nodes(int argc, char **argv);
int cmd_node(int argc, char **argv);
int cmd_pools(int argc, char **argv);
int cmd_pair(int argc, char **argv);
int cmd_job(int argc, char **argv);
int cmd_session(int argc, char **argv);
int cmd_rooms(int argc, char **argv);
int cmd_instances(int argc, char **argv);
int cmd_inbox(int argc, char **argv);
int cmd_dlq(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_undrain(int argc, char **argv);
int cmd_offline(int argc, char **argv);
int cmd_fsck(int argc, char **argv);
int cmd_purge(int argc, char **argv);

#endif
