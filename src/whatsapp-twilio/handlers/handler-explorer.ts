import type { Logger } from '@nestjs/common';
import { type DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InboundMessageKind } from '../messages/inbound-message';
import type { OutboundStatus } from '../messages/message-status';
import { filterOf } from './handler-metadata';
import { MESSAGE_HANDLER } from './on-whatsapp-message.decorator';
import { STATUS_HANDLER } from './on-whatsapp-status.decorator';
import type { MessageHandler, StatusHandler, WhatsappHandlers } from './whatsapp-handlers';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Finds the decorated methods of every provider and controller of the app. The methods are called directly: through
 * Nest's context creator the app's global guards would run again, on a request that does not exist.
 */
export function exploreHandlers(discovery: DiscoveryService, handlers: WhatsappHandlers, logger: Logger): void {
  const scanner = new MetadataScanner();
  const classes = new Map<object, string>();

  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const instance: unknown = wrapper.instance;
    if (typeof instance !== 'object' || instance === null) continue;
    const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
    // The same class provided twice, or under an alias, still handles each message once.
    if (prototype === null || prototype === Object.prototype || classes.has(prototype)) continue;

    for (const method of scanner.getAllMethodNames(prototype)) {
      const run = prototype[method];
      if (typeof run !== 'function') continue;
      const kinds = filterOf(run, MESSAGE_HANDLER) as InboundMessageKind[] | undefined;
      const statuses = filterOf(run, STATUS_HANDLER) as OutboundStatus[] | undefined;
      if (kinds === undefined && statuses === undefined) continue;

      const className = classes.get(prototype) ?? uniqueName(wrapper, classes);
      classes.set(prototype, className);
      const name = `${className}.${method}`;
      refuseScoped(wrapper, name);
      if (kinds) handlers.messages.push({ name, filter: new Set(kinds), run: run.bind(instance) as MessageHandler });
      if (statuses)
        handlers.statuses.push({ name, filter: new Set(statuses), run: run.bind(instance) as StatusHandler });
      logger.log(`${name} handles ${[...(kinds ?? []), ...(statuses ?? [])].join(', ')}`);
    }
  }
}

function uniqueName(wrapper: Wrapper, classes: ReadonlyMap<object, string>): string {
  const name = (wrapper.instance as object).constructor.name;
  const taken = new Set(classes.values());
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}#${number}`)) number++;
  return `${name}#${number}`;
}

function refuseScoped(wrapper: Wrapper, name: string): void {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return;
  throw new Error(
    `${name} handles WhatsApp messages outside of any request, but its class is request-scoped or transient, ` +
      'or depends on one that is. Make it a singleton.',
  );
}
