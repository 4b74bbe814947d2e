/** What the lab tries: one thing that happens to a Linux guest, and whether its paths were proved again afterwards. */

/** What runs the guest's network. `none`: nothing but the kernel (namespaces). */
export type Manager =
  | 'none'
  | 'systemd-networkd'
  | 'NetworkManager'
  | 'NetworkManager with nm-cloud-setup'
  | 'netplan'
  | 'ifupdown';

/** One row of the lab's result, and of its `--json`. */
export interface CaseResult {
  case: string;
  manager: Manager;
  ok: boolean;
  /** From the disturbance until the state was whole and stayed so, milliseconds; only where something was disturbed. */
  recoveredMs?: number;
  /** Of these, since the network manager had given the addresses back; only in booted guests, where it took them away. */
  ownMs?: number;
  /** For a person: what was seen, with the packets or connects that show it. */
  detail: string;
}

/** A case: its name, and how it is tried. What `run` throws makes a row that is not ok, with the message as detail. */
export interface LabCase {
  name: string;
  manager: Manager;
  /** Programs that it needs besides those of every lab; it is left out where one is missing. */
  programs?: string[];
  run(): Promise<Omit<CaseResult, 'case' | 'manager'>>;
}

/** Tries one case. Never rejects. */
export async function tryCase({ name, manager, run }: LabCase): Promise<CaseResult> {
  try {
    return { case: name, manager, ...(await run()) };
  } catch (error) {
    return { case: name, manager, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
