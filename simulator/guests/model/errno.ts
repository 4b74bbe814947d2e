/** The kernel's refusals, with the text that `ip` and programs show. */

export type Errno =
  | 'ENETUNREACH'
  | 'EHOSTUNREACH'
  | 'EACCES'
  | 'EINVAL'
  | 'EEXIST'
  | 'ESRCH'
  | 'ENOENT'
  | 'ENETDOWN'
  | 'EADDRNOTAVAIL';

const ERRNO_TEXT: Record<Errno, string> = {
  ENETUNREACH: 'Network is unreachable',
  EHOSTUNREACH: 'No route to host',
  EACCES: 'Permission denied',
  EINVAL: 'Invalid argument',
  EEXIST: 'File exists',
  ESRCH: 'No such process',
  ENOENT: 'No such file or directory',
  ENETDOWN: 'Network is down',
  EADDRNOTAVAIL: 'Cannot assign requested address',
};

/** The kernel refused. `detail` replaces the plain text, as netlink's own messages do. */
export class KernelError extends Error {
  readonly errno: Errno;
  readonly detail: string | undefined;

  constructor(errno: Errno, detail?: string) {
    super(detail ?? ERRNO_TEXT[errno]);
    this.name = 'KernelError';
    this.errno = errno;
    this.detail = detail;
  }
}
