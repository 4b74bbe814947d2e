/** A person at work on a guest. */
import { createConnection, type Socket } from 'node:net';
import { MANAGEMENT_PORT, PERSON } from './ports.ts';

/** A connection like a person's ssh, from beyond the gateway to the backend address. */
export class Management {
  readonly #socket: Socket;
  #heard = '';
  #ended = false;

  constructor(address: string) {
    this.#socket = createConnection({ host: address, port: MANAGEMENT_PORT, localAddress: PERSON });
    this.#socket.setNoDelay(true);
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.#heard += text;
    });
    this.#socket.on('error', () => {
      this.#ended = true;
    });
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  /** True when the far end has sent the text back. A connection that was ended has heard nothing. */
  hasHeard(text: string): boolean {
    return !this.#ended && this.#heard.includes(text);
  }

  end(): void {
    this.#socket.destroy();
  }
}
