/** Every case in kernel namespaces. */
import type { LabCase } from '../case.ts';
import { agentCases } from './agents.ts';
import { containerCases } from './containers.ts';
import { diskCases } from './disk.ts';
import { driftCases } from './drift.ts';
import { fileCases } from './files.ts';
import { firewallCases } from './firewalls.ts';
import { groundCases } from './ground.ts';
import { harmCases } from './harm.ts';
import { killCases } from './kills.ts';
import { linkCases } from './links.ts';
import { manyCases } from './many.ts';
import { neighbourCases } from './neighbours.ts';
import { nicCases } from './nics.ts';
import { placeCases } from './places.ts';
import { platformCases } from './platform.ts';
import { removeCases } from './remove.ts';
import { roleCases } from './roles.ts';
import { routingCases } from './routing.ts';
import { socketCases } from './sockets.ts';
import { subnetCases } from './subnets.ts';
import { tightCases } from './tight.ts';

/** In an order in which those that share a guest follow each other. */
export const namespaceCases = (): LabCase[] => [
  ...routingCases(),
  ...linkCases(),
  ...nicCases(),
  ...subnetCases(),
  ...fileCases(),
  ...tightCases(),
  ...agentCases(),
  ...driftCases(),
  ...neighbourCases(),
  ...killCases(),
  ...diskCases(),
  ...placeCases(),
  ...removeCases(),
  ...platformCases(),
  ...groundCases(),
  ...socketCases(),
  ...harmCases(),
  ...roleCases(),
  ...manyCases(),
  ...firewallCases(),
  ...containerCases(),
];
