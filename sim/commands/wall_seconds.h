/* wall_seconds.h - how long something took for who waits; nothing that is simulated or reported as a figure asks for this time. */
#ifndef SIM_COMMANDS_WALL_SECONDS_H
#define SIM_COMMANDS_WALL_SECONDS_H

/* Since some point in the past; never goes back. */
double wall_seconds(void);

#endif
